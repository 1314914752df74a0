import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js';
import { Construct } from 'constructs';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { stackOf } from '../lib/environment-stack.ts';

export interface GroupSetConfig {
  readonly vpcId: string;
  readonly provider?: TerraformProvider;
}

/** The other side of a connection: a group, a list of AWS's ranges, or a range. */
export type Peer =
  | { readonly referencedSecurityGroupId: string }
  | { readonly cidrIpv4: string }
  | { readonly prefixListId: string };

/** Security groups of one VPC, and the connections between them. A group allows nothing by itself. */
export class GroupSet<Name extends string> extends Construct {
  readonly #groups: ReadonlyMap<Name, SecurityGroup>;
  readonly #provider: { provider?: TerraformProvider };

  constructor(
    scope: Construct,
    id: string,
    descriptions: ReadonlyMap<Name, string>,
    config: GroupSetConfig,
  ) {
    super(scope, id);
    this.#provider = config.provider ? { provider: config.provider } : {};
    this.#groups = new Map(
      [...descriptions].map(([name, description]) => [
        name,
        new SecurityGroup(this, name, {
          ...this.#provider,
          name: stackOf(this).named(`${id}-${name}`),
          description,
          vpcId: config.vpcId,
          revokeRulesOnDelete: true,
        }),
      ]),
    );
  }

  /** The id of a group; a RangeError where this environment has none of that name. */
  idOf(name: Name): string {
    const group = this.#groups.get(name);
    if (!group) throw new RangeError(`there is no security group ${name}`);
    return group.id;
  }

  /** Lets one group open connections to another: a rule on either side. */
  connect(from: Name, to: Name, port: number, why: string): void {
    this.send(from, to, { referencedSecurityGroupId: this.idOf(to) }, port, why);
    this.accept(to, from, { referencedSecurityGroupId: this.idOf(from) }, port, why);
  }

  /** Lets a group open connections to a peer; the name makes the rule's id. */
  send(group: Name, peer: string, to: Peer, port: number, description: string): void {
    new VpcSecurityGroupEgressRule(this, `${group}-to-${peer}-${port}`, {
      ...this.#provider,
      ...to,
      securityGroupId: this.idOf(group),
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      description,
    });
  }

  /** Lets a peer open connections to a group; the name makes the rule's id. */
  accept(group: Name, peer: string, from: Peer, port: number, description: string): void {
    new VpcSecurityGroupIngressRule(this, `${group}-from-${peer}-${port}`, {
      ...this.#provider,
      ...from,
      securityGroupId: this.idOf(group),
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      description,
    });
  }
}
