import { DefaultNetworkAcl } from '@cdktf/provider-aws/lib/default-network-acl/index.js';
import { DefaultRouteTable } from '@cdktf/provider-aws/lib/default-route-table/index.js';
import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group/index.js';
import { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import { Construct } from 'constructs';
import type { CustomerKey } from '../constructs/customer-key.ts';
import type { TerraformProvider } from '../lib/cdktf.ts';
import { dnsFirewall } from './dns-firewall.ts';
import { logFlows, logQueries } from './traffic-logs.ts';

export interface LockedVpcConfig {
  readonly cidr: string;
  /** Encrypts its logs. */
  readonly key: CustomerKey;
  /** The only names, beside AWS's own, that resolve; without it all do. */
  readonly resolvableDomains?: readonly string[];
  readonly provider?: TerraformProvider;
}

/**
 * A VPC in which nothing works by default: its default security group, network ACL and route table are
 * empty, all traffic and every DNS query is logged.
 */
export class LockedVpc extends Construct {
  readonly vpc: Vpc;
  readonly cidr: string;

  constructor(scope: Construct, id: string, config: LockedVpcConfig) {
    super(scope, id);
    const provider = config.provider ? { provider: config.provider } : {};
    this.cidr = config.cidr;
    this.vpc = new Vpc(this, 'vpc', {
      ...provider,
      cidrBlock: config.cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
    });
    new DefaultSecurityGroup(this, 'default-security-group', {
      ...provider,
      vpcId: this.vpc.id,
      ingress: [],
      egress: [],
    });
    new DefaultNetworkAcl(this, 'default-acl', {
      ...provider,
      defaultNetworkAclId: this.vpc.defaultNetworkAclId,
    });
    new DefaultRouteTable(this, 'default-routes', {
      ...provider,
      defaultRouteTableId: this.vpc.defaultRouteTableId,
      route: [],
    });
    logFlows(this, this.vpc, config);
    logQueries(this, this.vpc, config);
    if (config.resolvableDomains)
      dnsFirewall(this, this.vpc, { domains: config.resolvableDomains, ...provider });
  }
}
