import { parseRange } from '../../../contracts/environment/cidr.ts';
import { followAll, type Address, type World } from './resolve.ts';
import { within, type Ip } from './filters.ts';

export interface Subnet {
  readonly address: Address;
  readonly vpc: Address;
  readonly cidr: string;
  readonly acl: Address | undefined;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly cidr: string;
  readonly target: Address;
}

/** Something with a network interface in a subnet. */
export interface Place {
  readonly name: string;
  /** The one resource it is, where it is one: what a thing says to itself is no flow. */
  readonly resource?: Address;
  readonly subnet: Subnet;
  readonly groups: readonly Address[];
  readonly ip: Ip;
}

const targets = ['gateway_id', 'nat_gateway_id', 'vpc_endpoint_id', 'network_interface_id'];

function routesOf(world: World, subnet: Address): Route[] {
  const table = world
    .ofType('aws_route_table_association')
    .filter((association) => world.follow(association['subnet_id']) === subnet)
    .map((association) => world.follow(association['route_table_id']))[0];
  return world
    .ofType('aws_route')
    .filter((route) => world.follow(route['route_table_id']) === table)
    .map((route) => ({
      cidr: literalRange(world, route['destination_cidr_block']),
      target: targets.map((key) => world.follow(route[key])).find(Boolean) ?? 'nowhere',
    }));
}

/** A range, or the range of the subnet that the value refers to. */
function literalRange(world: World, value: unknown): string {
  const subnet = world.follow(value);
  if (subnet === undefined) return String(value);
  const found = world.ofType('aws_subnet').find(({ address }) => address === subnet);
  return String(found?.['cidr_block']);
}

export function subnetsOf(world: World): Subnet[] {
  return world.ofType('aws_subnet').map((subnet) => ({
    address: subnet.address,
    vpc: world.follow(subnet['vpc_id']) ?? '',
    cidr: String(subnet['cidr_block']),
    acl: world
      .ofType('aws_network_acl')
      .find((acl) => followAll(world, acl['subnet_ids']).includes(subnet.address))?.address,
    routes: routesOf(world, subnet.address),
  }));
}

/** An address that the subnet's ACLs may treat apart: one of its own, and each range's first. */
function addressesIn(world: World, cidr: string): Ip[] {
  const range = parseRange(cidr);
  if (!range) throw new Error(`not a range: ${cidr}`);
  const named = [
    ...world.ofType('aws_network_acl_rule').map((rule) => String(rule['cidr_block'])),
    ...['ingress', 'egress'].flatMap((kind) =>
      world.ofType(`aws_vpc_security_group_${kind}_rule`).map((rule) => String(rule['cidr_ipv4'])),
    ),
  ].flatMap((text) => parseRange(text)?.first ?? []);
  return [...new Set([range.first + 10, ...named.filter((ip) => within(cidr, ip))])];
}

/** A thing of this name in each of the subnets. */
function spread(
  world: World,
  subnets: readonly Subnet[],
  name: string,
  at: readonly Address[],
  groups: readonly Address[],
): Place[] {
  return subnets
    .filter((subnet) => at.includes(subnet.address))
    .flatMap((subnet) =>
      addressesIn(world, subnet.cidr).map((ip) => ({ name, subnet, groups, ip })),
    );
}

/**
 * Everything that has a network interface. What the synthesis itself places is read from it; tasks are
 * placed by later stacks, here in their group's tier.
 */
export function placesOf(world: World, subnets: readonly Subnet[]): Place[] {
  const put = (name: string, at: readonly Address[], groups: readonly Address[]) =>
    spread(world, subnets, name, at, groups);
  const tier = (name: string) =>
    subnets
      .map(({ address }) => address)
      .filter((address) => address.startsWith(`aws_subnet.${name}_`));
  const groupSubnets = (group: unknown) => {
    const address = world.follow(group);
    const found = world.ofType('aws_db_subnet_group').find((one) => one.address === address);
    return followAll(world, found?.['subnet_ids']);
  };
  return [
    ...put('app', tier('app'), ['aws_security_group.groups_app']),
    ...put('backup task', tier('app'), ['aws_security_group.groups_backup-task']),
    ...put('drill', tier('offsite_drills'), ['aws_security_group.offsite_recovery-groups_drill']),
    ...world
      .ofType('aws_lb')
      .flatMap((lb) =>
        put('edge', followAll(world, lb['subnets']), followAll(world, lb['security_groups'])).map(
          (place) => ({ ...place, resource: lb.address }),
        ),
      ),
    ...world
      .ofType('aws_db_instance')
      .flatMap((instance) =>
        put(
          'data',
          groupSubnets(instance['db_subnet_group_name']),
          followAll(world, instance['vpc_security_group_ids']),
        ),
      ),
    ...world
      .ofType('aws_vpc_endpoint')
      .filter((endpoint) => endpoint['vpc_endpoint_type'] === 'Interface')
      .flatMap((endpoint) =>
        put(
          world.follow(endpoint['vpc_id']) === 'aws_vpc.main_vpc'
            ? 'endpoints'
            : 'recovery endpoints',
          followAll(world, endpoint['subnet_ids']),
          followAll(world, endpoint['security_group_ids']),
        ),
      )
      .filter(
        // All interface endpoints of a VPC share subnets and groups: one stands for them.
        (place, index, list) =>
          list.findIndex(
            (other) =>
              other.ip === place.ip &&
              other.subnet.address === place.subnet.address &&
              String(other.groups) === String(place.groups),
          ) === index,
      ),
  ];
}
