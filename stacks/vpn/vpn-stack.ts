import { VpnGateway } from '@cdktf/provider-aws/lib/vpn-gateway/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { EnvironmentStack } from '../lib/environment-stack.ts';
import type { NetworkStack } from '../network/network-stack.ts';
import { ClientVpn } from './client-vpn.ts';
import { SiteVpn } from './site-vpn.ts';

/** The private ways in: for people, and for offices. */
export class VpnStack extends EnvironmentStack {
  constructor(scope: Construct, environment: Environment, network: NetworkStack) {
    super(scope, 'vpn', environment, network.guardrails);
    const { clients, sites } = environment.vpn;
    const key = new CustomerKey(this, 'logs', {
      description: 'Encrypts the logs of VPN connections',
      logGroups: true,
    });
    if (clients && network.vpn) {
      const vpn = new ClientVpn(this, 'clients', {
        clients,
        vpcId: network.vpc.vpc.id,
        subnetIds: network.vpn.subnetIds,
        securityGroupId: network.groups.idOf('vpn'),
        key,
      });
      this.output('client-vpn-endpoint-id', vpn.endpoint.id, "For exporting the clients' profile");
    }
    if (sites.length === 0) return;
    const gateway = new VpnGateway(this, 'gateway', { vpcId: network.vpc.vpc.id });
    for (const site of sites)
      new SiteVpn(this, site.name, {
        site,
        gateway,
        app: network.app,
        key,
        topicArn: network.notices.arn,
      });
  }
}
