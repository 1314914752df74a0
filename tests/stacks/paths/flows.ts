import { parseRange } from '../../../contracts/environment/cidr.ts';
import { aclAllows, groupsAllow, within, type Ip } from './filters.ts';
import { placesOf, subnetsOf, type Place, type Subnet } from './places.ts';
import { followAll, type World } from './resolve.ts';

/** `app > data 5432`: somebody at the first place can open a TCP connection to the second. */
export type Flow = string;

/** An address of the internet, and one of Amazon S3's that no range of ours holds. */
const somewhere: Ip = parseRange('198.51.100.0/24')?.first ?? 0;

/** Ports from which connections are opened; a flow is possible if one of them gets its replies. */
const sourcePorts = [1024, 32_768, 65_535];

/** Every port at which a rule changes its mind, and a few that attackers like. */
function portsOf(world: World): number[] {
  const edges = [
    'aws_network_acl_rule',
    'aws_vpc_security_group_ingress_rule',
    'aws_vpc_security_group_egress_rule',
  ].flatMap((type) =>
    world.ofType(type).flatMap((rule) => {
      const [from, to] = [Number(rule['from_port']), Number(rule['to_port'])];
      return [from - 1, from, to, to + 1];
    }),
  );
  const liked = [22, 53, 80, 443, 2049, 3306, 3389, 5432, 8080, 9200];
  return [...new Set([...edges, ...liked])].filter((port) => port >= 0 && port <= 65_535);
}

/** The network of one environment, and the connections that can be opened in it. */
export class Network {
  readonly #world: World;
  readonly subnets: readonly Subnet[];
  readonly places: readonly Place[];
  readonly #ports: readonly number[];

  constructor(world: World) {
    this.#world = world;
    this.subnets = subnetsOf(world);
    this.places = placesOf(world, this.subnets);
    this.#ports = portsOf(world);
  }

  /** Every connection that can be opened, sorted. */
  flows(): Flow[] {
    const found = new Set<Flow>();
    for (const port of this.#ports) {
      for (const place of this.places) {
        for (const other of this.places)
          if (this.#inside(place, other, port)) found.add(`${place.name} > ${other.name} ${port}`);
        for (const service of this.#gateways(place, port))
          found.add(`${place.name} > ${service} ${port}`);
        const way = this.#out(place, port);
        if (way) found.add(`${place.name} > internet ${port} ${way}`);
        if (this.#fromInternet(place, port)) found.add(`internet > ${place.name} ${port}`);
        for (const site of this.#fromSites(place, port))
          found.add(`${site} > ${place.name} ${port}`);
        for (const site of this.#toSites(place, port)) found.add(`${place.name} > ${site} ${port}`);
      }
      for (const flow of this.#fromClients(port)) found.add(flow);
    }
    return [...found].sort();
  }

  /** True where every place of the first name reaches every one of the second, from any of the ports. */
  everywhere(from: string, to: string, port: number, sources: readonly number[]): boolean {
    const called = (name: string) => this.places.filter((place) => place.name === name);
    return called(from).every((a) =>
      called(to).every(
        (b) =>
          this.#inside(a, b, port) &&
          (a.subnet.address === b.subnet.address ||
            sources.every(
              (source) =>
                this.#acl(b.subnet, 'out', a.ip, source) && this.#acl(a.subnet, 'in', b.ip, source),
            )),
      ),
    );
  }

  /** The ways out of all places of a name. */
  waysOut(name: string, port: number): readonly (string | undefined)[] {
    const from = this.places.filter((place) => place.name === name);
    return [...new Set(from.map((place) => this.#out(place, port)))];
  }

  /** Both directions of a connection through the ACLs of two subnets; inside one there is none. */
  #aclsPass(from: Place, to: Pick<Place, 'subnet' | 'ip'>, port: number): boolean {
    if (from.subnet.address === to.subnet.address) return true;
    return sourcePorts.some(
      (source) =>
        this.#acl(from.subnet, 'out', to.ip, port) &&
        this.#acl(to.subnet, 'in', from.ip, port) &&
        this.#acl(to.subnet, 'out', from.ip, source) &&
        this.#acl(from.subnet, 'in', to.ip, source),
    );
  }

  #acl(subnet: Subnet, direction: 'in' | 'out', peer: Ip, port: number): boolean {
    // A subnet that no ACL names has its VPC's default, which is locked empty.
    return (
      subnet.acl !== undefined && aclAllows(this.#world, subnet.acl, { direction, peer, port })
    );
  }

  #inside(from: Place, to: Place, port: number): boolean {
    return (
      from !== to &&
      (from.resource === undefined || from.resource !== to.resource) &&
      from.subnet.vpc === to.subnet.vpc &&
      groupsAllow(this.#world, from.groups, 'out', to, port) &&
      groupsAllow(this.#world, to.groups, 'in', from, port) &&
      this.#aclsPass(from, to, port)
    );
  }

  /** S3 and DynamoDB, where the subnet's routes know a gateway endpoint. */
  #gateways(from: Place, port: number): string[] {
    return this.#world
      .ofType('aws_vpc_endpoint')
      .filter((endpoint) => endpoint['vpc_endpoint_type'] === 'Gateway')
      .filter((endpoint) => this.#knows(from.subnet, endpoint['route_table_ids']))
      .filter(
        (endpoint) =>
          groupsAllow(
            this.#world,
            from.groups,
            'out',
            { ip: somewhere, groups: [], prefixListOf: endpoint.address },
            port,
          ) && this.#outThrough([from.subnet], somewhere, from.ip, port),
      )
      .map((endpoint) => String(endpoint['service_name']).split('.').at(-1) ?? '');
  }

  #knows(subnet: Subnet, routeTables: unknown): boolean {
    return this.#world
      .ofType('aws_route_table_association')
      .filter((one) => this.#world.follow(one['subnet_id']) === subnet.address)
      .some((one) => {
        const table = this.#world.follow(one['route_table_id']);
        return table !== undefined && followAll(this.#world, routeTables).includes(table);
      });
  }

  /** A packet out of each subnet and its reply back, past their ACLs. */
  #outThrough(subnets: readonly Subnet[], peer: Ip, own: Ip, port: number): boolean {
    const [first, ...between] = subnets;
    return sourcePorts.some(
      (source) =>
        first !== undefined &&
        this.#acl(first, 'out', peer, port) &&
        this.#acl(first, 'in', peer, source) &&
        between.every(
          (subnet) =>
            this.#acl(subnet, 'in', own, port) &&
            this.#acl(subnet, 'out', peer, port) &&
            this.#acl(subnet, 'in', peer, source) &&
            this.#acl(subnet, 'out', own, source),
        ),
    );
  }

  #next(subnet: Subnet, ip: Ip): string | undefined {
    return subnet.routes
      .filter((route) => within(route.cidr, ip))
      .sort((a, b) => (parseRange(b.cidr)?.prefix ?? 0) - (parseRange(a.cidr)?.prefix ?? 0))[0]
      ?.target;
  }

  /** How a place reaches the internet: directly, by NAT, or by NAT behind the firewall. */
  #out(from: Place, port: number): string | undefined {
    const peer = { ip: somewhere, groups: [] };
    if (!groupsAllow(this.#world, from.groups, 'out', peer, port)) return undefined;
    const hops = [from.subnet];
    let target = this.#next(from.subnet, somewhere);
    let way = 'by NAT';
    if (target?.startsWith('firewall-endpoint.')) {
      const inspected = this.#subnet(`aws_subnet.${target.split('.')[1]}`);
      hops.push(inspected);
      way = 'through the firewall';
      const forward = target;
      target = this.#next(inspected, somewhere);
      const back = this.#next(this.#natSubnet(target), from.ip);
      if (back !== forward) way = 'past the firewall on the way back';
    }
    if (target?.startsWith('aws_internet_gateway.')) way = 'directly';
    else if (target?.startsWith('aws_nat_gateway.')) hops.push(this.#natSubnet(target));
    else return undefined;
    return this.#outThrough(hops, somewhere, from.ip, port) ? way : undefined;
  }

  #subnet(address: string): Subnet {
    const found = this.subnets.find((subnet) => subnet.address === address);
    if (!found) throw new Error(`no subnet ${address}`);
    return found;
  }

  #natSubnet(nat: string | undefined): Subnet {
    const gateway = this.#world.ofType('aws_nat_gateway').find(({ address }) => address === nat);
    const address = this.#world.follow(gateway?.['subnet_id']) ?? 'of no NAT gateway';
    return this.#subnet(address);
  }

  /** Only a route to the internet gateway makes an address reachable. */
  #fromInternet(to: Place, port: number): boolean {
    const { subnet } = to;
    return (
      this.#next(subnet, somewhere)?.startsWith('aws_internet_gateway.') === true &&
      groupsAllow(this.#world, to.groups, 'in', { ip: somewhere, groups: [] }, port) &&
      this.#acl(subnet, 'in', somewhere, port) &&
      sourcePorts.some((source) => this.#acl(subnet, 'out', somewhere, source))
    );
  }

  /** An office's ranges; the tunnel itself only carries traffic of the range it is made for. */
  #sites(place: Place): Ip[] {
    const connections = this.#world.ofType('aws_vpn_connection');
    return this.#world
      .ofType('aws_vpn_connection_route')
      .filter((route) => {
        const connection = this.#world.follow(route['vpn_connection_id']);
        const found = connections.find(({ address }) => address === connection);
        return within(String(found?.['remote_ipv4_network_cidr']), place.ip);
      })
      .map((route) => parseRange(String(route['destination_cidr_block']))?.first ?? 0)
      .filter((ip) => this.#next(place.subnet, ip)?.startsWith('aws_vpn_gateway.'));
  }

  #fromSites(to: Place, port: number): string[] {
    return this.#sites(to)
      .filter(
        (ip) =>
          groupsAllow(this.#world, to.groups, 'in', { ip, groups: [] }, port) &&
          this.#acl(to.subnet, 'in', ip, port) &&
          sourcePorts.some((source) => this.#acl(to.subnet, 'out', ip, source)),
      )
      .map(() => 'office');
  }

  #toSites(from: Place, port: number): string[] {
    return this.#sites(from)
      .filter(
        (ip) =>
          groupsAllow(this.#world, from.groups, 'out', { ip, groups: [] }, port) &&
          this.#outThrough([from.subnet], ip, from.ip, port),
      )
      .map(() => 'office');
  }

  /** People: the endpoint's own interface speaks for them, to what their group is authorized for. */
  #fromClients(port: number): Flow[] {
    return this.#world.ofType('aws_ec2_client_vpn_endpoint').flatMap((endpoint) => {
      const groups = followAll(this.#world, endpoint['security_group_ids']);
      const doors = this.#world
        .ofType('aws_ec2_client_vpn_network_association')
        .filter((one) => this.#world.follow(one['client_vpn_endpoint_id']) === endpoint.address)
        .map((one) => this.#subnet(this.#world.follow(one['subnet_id']) ?? ''));
      const rules = this.#world
        .ofType('aws_ec2_client_vpn_authorization_rule')
        .filter((rule) => this.#world.follow(rule['client_vpn_endpoint_id']) === endpoint.address);
      return rules.flatMap((rule) =>
        doors.flatMap((subnet) => {
          const door = {
            name: 'vpn',
            subnet,
            groups,
            ip: (parseRange(subnet.cidr)?.first ?? 0) + 9,
          };
          const who = rule['authorize_all_groups'] ? 'everybody' : String(rule['access_group_id']);
          return this.places
            .filter((place) => within(String(rule['target_network_cidr']), place.ip))
            .filter((place) => this.#inside(door, place, port))
            .map((place) => `${who} by VPN > ${place.name} ${port}`);
        }),
      );
    });
  }
}
