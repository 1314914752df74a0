import { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones/index.js';
import { Construct } from 'constructs';
import { recoverySubnetRange } from '../../contracts/environment/tiers.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { Fn } from '../lib/cdktf.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { recoveryAclRules } from './acl-rules.ts';
import { Endpoints } from './endpoints.ts';
import { LockedVpc } from './locked-vpc.ts';
import { GroupSet } from './security-groups.ts';
import { TierSubnets } from './tier.ts';

const zones = 2;

/**
 * The VPC in the off-site region in which drills run: no way in, no way out but to AWS's own APIs. A
 * drill here proves that the loss of the region is survived.
 */
export class Recovery extends Construct {
  readonly vpc: LockedVpc;
  readonly tier: TierSubnets;
  readonly groups: GroupSet<'drill' | 'endpoints'>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    const provider = stack.offsite;
    const { offsite, network } = stack.environment;
    classify(this, 'personal');
    const key = new CustomerKey(this, 'recovery-logs', {
      description: 'Encrypts the logs of the recovery VPC',
      logGroups: true,
      offsite: true,
      provider,
    });
    this.vpc = new LockedVpc(this, 'recovery', {
      cidr: network.recoveryCidr,
      key,
      provider,
      ...(network.dnsFirewall ? { resolvableDomains: [] } : {}),
    });
    const vpcId = this.vpc.vpc.id;
    const { names } = new DataAwsAvailabilityZones(this, 'zones', {
      provider,
      filter: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }],
    });
    const indexes = Array.from({ length: zones }, (_, index) => index);
    this.tier = new TierSubnets(this, 'drills', {
      provider,
      vpcId,
      ranges: indexes.map((index) => recoverySubnetRange(network.recoveryCidr, index)),
      zoneNames: indexes.map((index) => Fn.element(names, index)),
      rules: recoveryAclRules(network.recoveryCidr),
    });
    this.groups = new GroupSet(
      this,
      'recovery-groups',
      new Map<'drill' | 'endpoints', string>([
        ['drill', 'Drills'],
        ['endpoints', 'AWS APIs inside the recovery VPC'],
      ]),
      { vpcId, provider },
    );
    const endpoints = new Endpoints(this, 'apis', {
      provider,
      vpcId,
      region: offsite.region,
      services: ['kms', 'secretsmanager', 'logs', 'ecr.api', 'ecr.dkr', 'sts', 'ssm'],
      subnetIds: this.tier.subnetIds.slice(0, network.natGateways === 'one' ? 1 : zones),
      securityGroupId: this.groups.idOf('endpoints'),
      routeTableIds: this.tier.routeTableIds,
      gateways: ['s3'],
    });
    this.groups.connect('drill', 'endpoints', 443, 'AWS APIs');
    const s3 = endpoints.gateways['s3'];
    if (s3)
      this.groups.send('drill', 's3', { prefixListId: s3.prefixListId }, 443, 'off-site backups');
  }
}
