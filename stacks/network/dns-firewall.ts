import { Route53ResolverFirewallConfig } from '@cdktf/provider-aws/lib/route53-resolver-firewall-config/index.js';
import { Route53ResolverFirewallDomainList } from '@cdktf/provider-aws/lib/route53-resolver-firewall-domain-list/index.js';
import { Route53ResolverFirewallRuleGroupAssociation } from '@cdktf/provider-aws/lib/route53-resolver-firewall-rule-group-association/index.js';
import { Route53ResolverFirewallRuleGroup } from '@cdktf/provider-aws/lib/route53-resolver-firewall-rule-group/index.js';
import { Route53ResolverFirewallRule } from '@cdktf/provider-aws/lib/route53-resolver-firewall-rule/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';

/** What may be looked up: the allow list, and the sign-in provider that the load balancer asks. */
export function resolvableDomains({ edge, network }: Environment): string[] {
  const { signIn } = edge;
  const provider =
    signIn.type === 'cognito'
      ? ['.amazoncognito.com']
      : [signIn.tokenEndpoint, signIn.userInfoEndpoint].map((url) => new URL(url).hostname);
  return [...new Set([...network.allowedDomains, ...provider])];
}

export interface DnsFirewallConfig {
  readonly domains: readonly string[];
  readonly provider?: TerraformProvider;
}

/**
 * Answers only for the given domains and AWS's own names; every other query gets NXDOMAIN. An allow
 * list rather than AWS's lists of bad domains: those lag behind what an attacker registers today.
 */
export function dnsFirewall(scope: Construct, vpc: Vpc, config: DnsFirewallConfig): void {
  const stack = stackOf(scope);
  const provider = config.provider ? { provider: config.provider } : {};
  const named = (purpose: string) => stack.named(`${scope.node.id}-${purpose}`);
  const allowed = new Route53ResolverFirewallDomainList(scope, 'allowed-domains', {
    ...provider,
    name: named('allowed'),
    domains: [
      `*.${stack.partition.domain}`,
      '*.compute.internal',
      ...config.domains.map((domain) => (domain.startsWith('.') ? `*${domain}` : domain)),
    ],
  });
  const others = new Route53ResolverFirewallDomainList(scope, 'other-domains', {
    ...provider,
    name: named('others'),
    domains: ['*'],
  });
  const group = new Route53ResolverFirewallRuleGroup(scope, 'dns-rules', {
    ...provider,
    name: named('dns'),
  });
  new Route53ResolverFirewallRule(scope, 'allow-domains', {
    ...provider,
    name: 'allow',
    firewallRuleGroupId: group.id,
    firewallDomainListId: allowed.id,
    priority: 100,
    action: 'ALLOW',
    // An allowed name may point through others (RDS, load balancers do).
    firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
  });
  new Route53ResolverFirewallRule(scope, 'block-domains', {
    ...provider,
    name: 'block',
    firewallRuleGroupId: group.id,
    firewallDomainListId: others.id,
    priority: 200,
    action: 'BLOCK',
    blockResponse: 'NXDOMAIN',
  });
  new Route53ResolverFirewallRuleGroupAssociation(scope, 'dns-rules-of-vpc', {
    ...provider,
    name: named('dns'),
    firewallRuleGroupId: group.id,
    vpcId: vpc.id,
    priority: 101,
    mutationProtection: 'ENABLED',
  });
  new Route53ResolverFirewallConfig(scope, 'dns-fail-closed', {
    ...provider,
    resourceId: vpc.id,
    firewallFailOpen: 'DISABLED',
  });
}
