import { CloudwatchLogStream } from '@cdktf/provider-aws/lib/cloudwatch-log-stream/index.js';
import { Ec2ClientVpnAuthorizationRule } from '@cdktf/provider-aws/lib/ec2-client-vpn-authorization-rule/index.js';
import { Ec2ClientVpnEndpoint } from '@cdktf/provider-aws/lib/ec2-client-vpn-endpoint/index.js';
import { Ec2ClientVpnNetworkAssociation } from '@cdktf/provider-aws/lib/ec2-client-vpn-network-association/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { resolverAddress, tierRange } from '../../contracts/environment/tiers.ts';
import type { CustomerKey } from '../constructs/customer-key.ts';
import { logGroup } from '../constructs/log-group.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { zoneLetters } from '../network/tier.ts';

export type Clients = NonNullable<Environment['vpn']['clients']>;

export interface ClientVpnConfig {
  readonly clients: Clients;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  readonly key: CustomerKey;
}

/**
 * The way in for people: a certificate of the device and a sign-in at the identity provider, whose
 * second factor so applies. Each group reaches the range of its tier and nothing else.
 */
export class ClientVpn extends Construct {
  readonly endpoint: Ec2ClientVpnEndpoint;

  constructor(scope: Construct, id: string, config: ClientVpnConfig) {
    super(scope, id);
    const stack = stackOf(this);
    const { clients } = config;
    const group = logGroup(this, 'logs', { name: 'vpn/connections', key: config.key });
    const stream = new CloudwatchLogStream(this, 'connections', {
      name: 'connections',
      logGroupName: group.name,
    });
    this.endpoint = new Ec2ClientVpnEndpoint(this, 'endpoint', {
      description: 'People who operate the platform and the database',
      clientCidrBlock: clients.clientCidr,
      vpcId: config.vpcId,
      securityGroupIds: [config.securityGroupId],
      serverCertificateArn: clients.serverCertificateArn,
      authenticationOptions: [
        {
          type: 'certificate-authentication',
          rootCertificateChainArn: clients.clientRootCertificateArn,
        },
        { type: 'federated-authentication', samlProviderArn: clients.samlProviderArn },
      ],
      dnsServers: [resolverAddress(stack.environment.network.vpcCidr)],
      splitTunnel: true,
      transportProtocol: 'udp',
      vpnPort: 443,
      sessionTimeoutHours: clients.sessionHours,
      disconnectOnSessionTimeout: true,
      selfServicePortal: 'disabled',
      connectionLogOptions: {
        enabled: true,
        cloudwatchLogGroup: group.name,
        cloudwatchLogStream: stream.name,
      },
      clientLoginBannerOptions: { enabled: true, bannerText: clients.banner },
      clientRouteEnforcementOptions: { enforced: true },
    });
    for (const [index, subnetId] of config.subnetIds.entries())
      new Ec2ClientVpnNetworkAssociation(this, `association-${zoneLetters[index]}`, {
        clientVpnEndpointId: this.endpoint.id,
        subnetId,
      });
    const { databaseAdministrators, platformEngineers } = clients.groups;
    this.#authorize('database-administrators', databaseAdministrators, 'data');
    this.#authorize('platform-engineers', platformEngineers, 'app');
  }

  /** Lets a group reach a tier, and the resolver that knows the tier's names. */
  #authorize(id: string, accessGroupId: string, tier: 'app' | 'data'): void {
    const { vpcCidr } = stackOf(this).environment.network;
    const rule = (to: string, targetNetworkCidr: string) =>
      new Ec2ClientVpnAuthorizationRule(this, `${id}-to-${to}`, {
        clientVpnEndpointId: this.endpoint.id,
        accessGroupId,
        targetNetworkCidr,
        description: `${id.replace('-', ' ')} to the ${to}`,
      });
    rule(`${tier}-tier`, tierRange(vpcCidr, tier));
    rule('resolver', `${resolverAddress(vpcCidr)}/32`);
  }
}
