import { CustomerGateway } from '@cdktf/provider-aws/lib/customer-gateway/index.js';
import { Route } from '@cdktf/provider-aws/lib/route/index.js';
import { VpnConnectionRoute } from '@cdktf/provider-aws/lib/vpn-connection-route/index.js';
import { VpnConnection } from '@cdktf/provider-aws/lib/vpn-connection/index.js';
import type { VpnGateway } from '@cdktf/provider-aws/lib/vpn-gateway/index.js';
import { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { tierRange } from '../../contracts/environment/tiers.ts';
import { alarm } from '../constructs/alarm.ts';
import type { CustomerKey } from '../constructs/customer-key.ts';
import { deliveryPrefix, logGroup } from '../constructs/log-group.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { zoneLetters, type TierSubnets } from '../network/tier.ts';
import { tunnels } from './tunnels.ts';

export interface SiteVpnConfig {
  readonly site: Environment['vpn']['sites'][number];
  readonly gateway: VpnGateway;
  /** The tier that learns the way to the site. */
  readonly app: TierSubnets;
  readonly key: CustomerKey;
  readonly topicArn: string;
}

/** The way in for an office: two tunnels to the app tier, and an alarm when one is down. */
export class SiteVpn extends Construct {
  constructor(scope: Construct, id: string, config: SiteVpnConfig) {
    super(scope, id);
    const { site } = config;
    const group = logGroup(this, 'logs', {
      name: `vpn/${site.name}`,
      prefix: deliveryPrefix,
      key: config.key,
    });
    const customer = new CustomerGateway(this, 'office', {
      type: 'ipsec.1',
      ipAddress: site.gatewayAddress,
      bgpAsn: String(site.asn),
      deviceName: site.name,
    });
    const connection = new VpnConnection(this, 'connection', {
      type: 'ipsec.1',
      customerGatewayId: customer.id,
      vpnGatewayId: config.gateway.id,
      staticRoutesOnly: true,
      localIpv4NetworkCidr: '0.0.0.0/0',
      remoteIpv4NetworkCidr: tierRange(stackOf(this).environment.network.vpcCidr, 'app'),
      // The keys of the tunnels stay out of what the API shows and of this state.
      presharedKeyStorage: 'SecretsManager',
      ...tunnels(group.arn),
    });
    for (const [index, range] of site.ranges.entries()) {
      new VpnConnectionRoute(this, `range-${index}`, {
        vpnConnectionId: connection.id,
        destinationCidrBlock: range,
      });
      for (const [zone, table] of config.app.routeTables.entries())
        new Route(this, `range-${index}-from-app-${zoneLetters[zone]}`, {
          routeTableId: table.id,
          destinationCidrBlock: range,
          gatewayId: config.gateway.id,
        });
    }
    for (const [name, address] of [
      ['one', connection.tunnel1Address],
      ['two', connection.tunnel2Address],
    ] as const)
      alarm(this, `${site.name}-tunnel-${name}-down`, {
        description: `Tunnel ${name} to ${site.name} is down`,
        namespace: 'AWS/VPN',
        metric: 'TunnelState',
        dimensions: { TunnelIpAddress: address },
        statistic: 'Minimum',
        when: 'below',
        threshold: 1,
        periods: 2,
        silence: 'breaching',
        topicArn: config.topicArn,
      });
  }
}
