import { NetworkfirewallFirewallPolicy } from '@cdktf/provider-aws/lib/networkfirewall-firewall-policy/index.js';
import { NetworkfirewallFirewall } from '@cdktf/provider-aws/lib/networkfirewall-firewall/index.js';
import { NetworkfirewallLoggingConfiguration } from '@cdktf/provider-aws/lib/networkfirewall-logging-configuration/index.js';
import { NetworkfirewallRuleGroup } from '@cdktf/provider-aws/lib/networkfirewall-rule-group/index.js';
import type { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import { Construct } from 'constructs';
import type { CustomerKey } from '../constructs/customer-key.ts';
import { deliveryPrefix, logGroup } from '../constructs/log-group.ts';
import type { TerraformResource } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';

export interface FirewallConfig {
  readonly vpcId: string;
  readonly vpcCidr: string;
  readonly subnets: readonly Subnet[];
  readonly allowedDomains: readonly string[];
  readonly key: CustomerKey;
}

/** AWS's signatures, each of 5,000 units or less: together below the 30,000 that a policy may hold. */
const managedGroups = [
  'AbusedLegitMalwareDomainsStrictOrder',
  'MalwareDomainsStrictOrder',
  'AbusedLegitBotNetCommandAndControlDomainsStrictOrder',
  'BotNetCommandAndControlDomainsStrictOrder',
  'ThreatSignaturesBotnetStrictOrder',
  'ThreatSignaturesExploitsStrictOrder',
  'ThreatSignaturesMalwareStrictOrder',
  'ThreatSignaturesMalwareWebStrictOrder',
  'ThreatSignaturesIOCStrictOrder',
] as const;

/**
 * Intrusion prevention on the way out: known threats are dropped first, then TLS to the allowed
 * domains passes, and whatever remains is dropped and logged.
 */
export class Firewall extends Construct {
  readonly firewall: NetworkfirewallFirewall;

  constructor(scope: Construct, id: string, config: FirewallConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const encryption = { encryptionConfiguration: { type: 'CUSTOMER_KMS', keyId: config.key.arn } };
    const domains = this.#domains(config, encryption);
    const policy = new NetworkfirewallFirewallPolicy(this, 'policy', {
      ...encryption,
      name: stack.named('egress'),
      description: 'Known threats dropped, allowed domains passed, all else dropped and logged',
      firewallPolicy: {
        statelessDefaultActions: ['aws:forward_to_sfe'],
        statelessFragmentDefaultActions: ['aws:forward_to_sfe'],
        statefulDefaultActions: ['aws:drop_established', 'aws:alert_established'],
        statefulEngineOptions: { ruleOrder: 'STRICT_ORDER', streamExceptionPolicy: 'DROP' },
        statefulRuleGroupReference: [
          ...managedGroups.map((name, index) => ({
            priority: (index + 1) * 10,
            resourceArn: stack.arn('network-firewall', `stateful-rulegroup/${name}`, {
              account: 'aws-managed',
            }),
          })),
          { priority: 1000, resourceArn: domains.arn },
        ],
      },
    });
    this.firewall = new NetworkfirewallFirewall(this, 'firewall', {
      ...encryption,
      name: stack.named('egress'),
      description: 'Between the app tier and the internet',
      vpcId: config.vpcId,
      firewallPolicyArn: policy.arn,
      subnetMapping: config.subnets.map((subnet) => ({ subnetId: subnet.id })),
      deleteProtection: stack.environment.network.deletionProtection,
      subnetChangeProtection: stack.environment.network.deletionProtection,
      firewallPolicyChangeProtection: stack.environment.network.deletionProtection,
    });
    this.#log(config);
  }

  /** The firewall's endpoint in a subnet; AWS names it only once the firewall stands. */
  endpointIn(subnet: Subnet): string {
    const address = (of: TerraformResource) => `${of.terraformResourceType}.${of.friendlyUniqueId}`;
    const states = `${address(this.firewall)}.firewall_status[0].sync_states`;
    const here = `state.attachment[0].subnet_id == ${address(subnet)}.id`;
    return `\${one([for state in ${states} : state.attachment[0].endpoint_id if ${here}])}`;
  }

  #domains(
    config: FirewallConfig,
    encryption: { encryptionConfiguration: { type: string; keyId: string } },
  ): NetworkfirewallRuleGroup {
    return new NetworkfirewallRuleGroup(this, 'allowed-domains', {
      ...encryption,
      name: stackOf(this).named('allowed-domains'),
      description: 'Where the app tier may go',
      type: 'STATEFUL',
      capacity: 200,
      ruleGroup: {
        ruleVariables: {
          ipSets: [{ key: 'HOME_NET', ipSet: { definition: [config.vpcCidr] } }],
        },
        rulesSource: {
          rulesSourceList: {
            generatedRulesType: 'ALLOWLIST',
            targetTypes: ['TLS_SNI'],
            targets: [...config.allowedDomains],
          },
        },
        statefulRuleOptions: { ruleOrder: 'STRICT_ORDER' },
      },
    });
  }

  #log(config: FirewallConfig): void {
    const group = (name: string) =>
      logGroup(this, `${name}-logs`, {
        name: `firewall/${name}`,
        key: config.key,
        prefix: deliveryPrefix,
      });
    const to = (logType: string, name: string) => ({
      logType,
      logDestinationType: 'CloudWatchLogs',
      logDestination: { logGroup: group(name).name },
    });
    new NetworkfirewallLoggingConfiguration(this, 'logging', {
      firewallArn: this.firewall.arn,
      loggingConfiguration: { logDestinationConfig: [to('ALERT', 'alerts'), to('FLOW', 'flows')] },
    });
  }
}
