import { NetworkAclRule } from '@cdktf/provider-aws/lib/network-acl-rule/index.js';
import { NetworkAcl } from '@cdktf/provider-aws/lib/network-acl/index.js';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association/index.js';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table/index.js';
import { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import type { AclRule } from './acl-rules.ts';

export interface TierConfig {
  readonly vpcId: string;
  /** One subnet for each, in the zones' order. */
  readonly ranges: readonly string[];
  readonly zoneNames: readonly string[];
  readonly rules: readonly AclRule[];
  readonly provider?: TerraformProvider;
}

/** Names for what belongs to one zone, in the zones' order. */
export const zoneLetters = ['a', 'b', 'c'] as const;

/** A tier: a subnet and a route table in each zone, and one network ACL around them. */
export class TierSubnets extends Construct {
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];

  constructor(scope: Construct, id: string, config: TierConfig) {
    super(scope, id);
    const provider = config.provider ? { provider: config.provider } : {};
    const on = { ...provider, vpcId: config.vpcId };
    this.subnets = config.ranges.map(
      (cidrBlock, index) =>
        new Subnet(this, `subnet-${zoneLetters[index]}`, {
          ...on,
          cidrBlock,
          availabilityZone: config.zoneNames[index] ?? '',
          mapPublicIpOnLaunch: false,
        }),
    );
    this.routeTables = this.subnets.map((subnet, index) => {
      const table = new RouteTable(this, `routes-${zoneLetters[index]}`, on);
      new RouteTableAssociation(this, `routes-of-subnet-${zoneLetters[index]}`, {
        ...provider,
        routeTableId: table.id,
        subnetId: subnet.id,
      });
      return table;
    });
    const acl = new NetworkAcl(this, 'acl', {
      ...on,
      subnetIds: this.subnets.map((subnet) => subnet.id),
    });
    for (const direction of ['in', 'out'] as const)
      for (const [index, rule] of config.rules
        .filter((candidate) => candidate.direction === direction)
        .entries())
        new NetworkAclRule(this, `${direction}-${(index + 1) * 10}`, {
          ...provider,
          networkAclId: acl.id,
          egress: direction === 'out',
          ruleNumber: (index + 1) * 10,
          ruleAction: rule.action,
          protocol: '6',
          cidrBlock: rule.cidr,
          fromPort: rule.from,
          toPort: rule.to,
        });
  }

  get subnetIds(): string[] {
    return this.subnets.map((subnet) => subnet.id);
  }

  get routeTableIds(): string[] {
    return this.routeTables.map((table) => table.id);
  }
}
