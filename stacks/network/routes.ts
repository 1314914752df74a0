import { Eip } from '@cdktf/provider-aws/lib/eip/index.js';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway/index.js';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway/index.js';
import { Route } from '@cdktf/provider-aws/lib/route/index.js';
import { Construct } from 'constructs';
import type { Firewall } from './firewall.ts';
import { zoneLetters, type TierSubnets } from './tier.ts';

export interface WayOutConfig {
  readonly vpcId: string;
  readonly edge: TierSubnets;
  readonly egress: TierSubnets;
  readonly app: TierSubnets;
  readonly natPerZone: boolean;
  readonly inspection?: { readonly tier: TierSubnets; readonly firewall: Firewall };
}

const world = '0.0.0.0/0';

/**
 * The ways to the internet: edge by the gateway itself; app by NAT in the egress tier, and through the
 * zone's own firewall endpoint in both directions where inspection is on. No other tier has one.
 */
export class WayOut extends Construct {
  constructor(scope: Construct, id: string, config: WayOutConfig) {
    super(scope, id);
    const internet = new InternetGateway(this, 'internet', { vpcId: config.vpcId });
    for (const tier of [config.edge, config.egress])
      for (const [index, table] of tier.routeTables.entries())
        new Route(this, `${tier.node.id}-${zoneLetters[index]}-to-internet`, {
          routeTableId: table.id,
          destinationCidrBlock: world,
          gatewayId: internet.id,
        });
    const gateways = config.egress.subnets
      .slice(0, config.natPerZone ? undefined : 1)
      .map((subnet, index) => this.#nat(zoneLetters[index] ?? 'a', subnet.id, internet));
    const nat = (index: number) => (gateways[index] ?? gateways[0])?.id ?? '';
    for (const [index, table] of config.app.routeTables.entries())
      new Route(this, `app-${zoneLetters[index]}-to-internet`, {
        routeTableId: table.id,
        destinationCidrBlock: world,
        ...(config.inspection
          ? { vpcEndpointId: this.#inspector(config.inspection, index) }
          : { natGatewayId: nat(index) }),
      });
    if (config.inspection) this.#inspect(config, config.inspection, nat);
  }

  #nat(zone: string, subnetId: string, internet: InternetGateway): NatGateway {
    const address = new Eip(this, `nat-${zone}-address`, { domain: 'vpc', dependsOn: [internet] });
    return new NatGateway(this, `nat-${zone}`, {
      allocationId: address.id,
      subnetId,
      connectivityType: 'public',
      dependsOn: [internet],
    });
  }

  #inspector(inspection: NonNullable<WayOutConfig['inspection']>, index: number): string {
    const subnet = inspection.tier.subnets[index];
    if (!subnet) throw new RangeError(`the firewall tier has no zone ${index}`);
    return inspection.firewall.endpointIn(subnet);
  }

  /** From the firewall on to the zone's NAT, and replies back the same way. */
  #inspect(
    config: WayOutConfig,
    inspection: NonNullable<WayOutConfig['inspection']>,
    nat: (index: number) => string,
  ): void {
    for (const [index, table] of inspection.tier.routeTables.entries())
      new Route(this, `firewall-${zoneLetters[index]}-to-internet`, {
        routeTableId: table.id,
        destinationCidrBlock: world,
        natGatewayId: nat(index),
      });
    for (const [index, table] of config.egress.routeTables.entries())
      new Route(this, `egress-${zoneLetters[index]}-to-app`, {
        routeTableId: table.id,
        destinationCidrBlock: config.app.subnets[index]?.cidrBlock ?? '',
        vpcEndpointId: this.#inspector(inspection, index),
      });
  }
}
