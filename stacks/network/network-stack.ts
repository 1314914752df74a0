import { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones/index.js';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { subnetRange, type Tier } from '../../contracts/environment/tiers.ts';
import { CustomerKey } from '../constructs/customer-key.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { Fn } from '../lib/cdktf.ts';
import { EnvironmentStack, type Guardrails } from '../lib/environment-stack.ts';
import { aclRules } from './acl-rules.ts';
import { connectGroups, groupDescriptions, type GroupName } from './connections.ts';
import { resolvableDomains } from './dns-firewall.ts';
import { Endpoints } from './endpoints.ts';
import { Firewall } from './firewall.ts';
import { LockedVpc } from './locked-vpc.ts';
import { Recovery } from './recovery.ts';
import { WayOut } from './routes.ts';
import { GroupSet } from './security-groups.ts';
import { TierSubnets } from './tier.ts';

const interfaceServices = [
  'kms',
  'secretsmanager',
  'logs',
  'ecr.api',
  'ecr.dkr',
  'sts',
  'ssm',
  'rds',
  'backup',
] as const;

/** The segmented network, and the recovery VPC in the off-site region. */
export class NetworkStack extends EnvironmentStack {
  readonly vpc: LockedVpc;
  readonly app: TierSubnets;
  readonly data: TierSubnets;
  readonly edge: TierSubnets;
  /** Where people come in by Client VPN; only where the environment lets them. */
  readonly vpn: TierSubnets | undefined;
  readonly groups: GroupSet<GroupName>;
  readonly recovery: Recovery;
  /** Tells the operations contact; the other stacks' alarms go here. */
  readonly notices: NoticeTopic;
  readonly #zones: DataAwsAvailabilityZones;

  constructor(scope: Construct, environment: Environment, guardrails: Guardrails) {
    super(scope, 'network', environment, guardrails);
    const { network } = environment;
    const key = new CustomerKey(this, 'logs', {
      description: 'Encrypts the logs and the firewall of the network',
      logGroups: true,
      viaServices: ['network-firewall'],
      services: ['network-firewall.amazonaws.com'],
    });
    this.#zones = new DataAwsAvailabilityZones(this, 'zones', {
      filter: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }],
    });
    this.vpc = new LockedVpc(this, 'main', {
      cidr: network.vpcCidr,
      key,
      ...(network.dnsFirewall ? { resolvableDomains: resolvableDomains(environment) } : {}),
    });
    this.edge = this.#tier('edge');
    this.app = this.#tier('app');
    this.data = this.#tier('data');
    this.vpn = environment.vpn.clients ? this.#tier('vpn') : undefined;
    const inspected = network.firewall ? this.#tier('firewall') : undefined;
    const firewall =
      inspected &&
      new Firewall(this, 'inspection', {
        vpcId: this.vpc.vpc.id,
        vpcCidr: network.vpcCidr,
        subnets: inspected.subnets,
        allowedDomains: network.allowedDomains,
        key,
      });
    new WayOut(this, 'out', {
      vpcId: this.vpc.vpc.id,
      edge: this.edge,
      egress: this.#tier('egress'),
      app: this.app,
      natPerZone: network.natGateways === 'per-zone',
      ...(inspected && firewall ? { inspection: { tier: inspected, firewall } } : {}),
    });
    this.groups = new GroupSet(this, 'groups', groupDescriptions(environment), {
      vpcId: this.vpc.vpc.id,
    });
    connectGroups(this.groups, environment, this.#endpoints(this.#tier('endpoints')));
    this.notices = new NoticeTopic(this, 'notices', { email: environment.contacts.operations });
    // Nothing carries it before an incident; the audit stack's runbooks find it by name.
    new SecurityGroup(this, 'quarantine', {
      name: this.named('quarantine'),
      description: 'Allows nothing: for what an incident cuts off',
      vpcId: this.vpc.vpc.id,
      revokeRulesOnDelete: true,
    });
    this.recovery = new Recovery(this, 'offsite');
    this.#outputs();
  }

  #tier(tier: Tier): TierSubnets {
    const indexes = Array.from({ length: this.environment.network.zones }, (_, index) => index);
    return new TierSubnets(this, tier, {
      vpcId: this.vpc.vpc.id,
      ranges: indexes.map((index) => subnetRange(this.vpc.cidr, tier, index)),
      zoneNames: indexes.map((index) => Fn.element(this.#zones.names, index)),
      rules: aclRules(this.environment, tier),
    });
  }

  #endpoints(tier: TierSubnets): Endpoints {
    return new Endpoints(this, 'apis', {
      vpcId: this.vpc.vpc.id,
      region: this.environment.region,
      services: interfaceServices,
      // An endpoint costs by the zone; where one NAT is enough, so is one zone.
      subnetIds:
        this.environment.network.natGateways === 'one'
          ? tier.subnetIds.slice(0, 1)
          : tier.subnetIds,
      securityGroupId: this.groups.idOf('endpoints'),
      routeTableIds: this.app.routeTableIds,
      gateways: ['s3', 'dynamodb'],
    });
  }

  #outputs(): void {
    this.output('vpc-id', this.vpc.vpc.id, 'The VPC of the CRM');
    this.output('recovery-vpc-id', this.recovery.vpc.vpc.id, 'The VPC of drills, off-site');
    this.output(
      'recovery-subnet-ids',
      Fn.join(',', this.recovery.tier.subnetIds),
      'Subnets of drills, off-site',
    );
    this.output(
      'drill-group-id',
      this.recovery.groups.idOf('drill'),
      'Security group for drills, off-site',
    );
    for (const tier of [this.app, this.data])
      this.output(
        `${tier.node.id}-subnet-ids`,
        Fn.join(',', tier.subnetIds),
        `Subnets of the ${tier.node.id} tier, one a zone`,
      );
    this.output('app-group-id', this.groups.idOf('app'), "Security group for the CRM's own tasks");
    this.output(
      'backup-task-group-id',
      this.groups.idOf('backup-task'),
      "Security group for the backup agent's tasks",
    );
  }
}
