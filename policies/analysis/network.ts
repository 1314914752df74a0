import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { asList, type Value } from '../engine/value.ts';

/** One route, inline or separate. */
export interface Route {
  readonly table: Resource | undefined;
  readonly declared: Resource;
  readonly destination: Value;
  readonly target: Value;
}

/** What the relations of a network are made of. */
export interface Network {
  readonly routes: readonly Route[];
  /** The routes that a subnet follows. */
  readonly routesOf: (subnet: Resource) => readonly Route[];
}

const targets = [
  'gateway_id',
  'nat_gateway_id',
  'vpc_endpoint_id',
  'transit_gateway_id',
  'egress_only_gateway_id',
  'network_interface_id',
  'vpc_peering_connection_id',
  'carrier_gateway_id',
  'local_gateway_id',
  'core_network_arn',
] as const;
const destinations = [
  'destination_cidr_block',
  'destination_ipv6_cidr_block',
  'destination_prefix_list_id',
  'cidr_block',
  'ipv6_cidr_block',
] as const;
const cached = new WeakMap<Graph, Network>();

/** The network of a graph; computed once. */
export function networkOf(graph: Graph): Network {
  const known = cached.get(graph) ?? build(graph);
  cached.set(graph, known);
  return known;
}

function build(graph: Graph): Network {
  const tables = graph.of('aws_route_table', 'aws_default_route_table');
  const inline = tables.flatMap((table) =>
    table.blocks('route').map((block) => route(table, table, (name) => block[name])),
  );
  const separate = graph
    .of('aws_route')
    .map((one) =>
      route(
        graph.referents(one.get('route_table_id'), 'aws_route_table', 'aws_default_route_table')[0],
        one,
        (name) => one.get(name),
      ),
    );
  const routes = [...inline, ...separate];
  const byTable = Map.groupBy(routes, ({ table }) => table);
  return {
    routes,
    routesOf: (subnet) => tablesOf(graph, subnet).flatMap((table) => byTable.get(table) ?? []),
  };
}

function route(
  table: Resource | undefined,
  declared: Resource,
  read: (name: string) => Value | undefined,
): Route {
  const first = (names: readonly string[]): Value =>
    names.map(read).find((value) => value !== undefined && value !== null && value !== '') ?? null;
  return { table, declared, destination: first(destinations), target: first(targets) };
}

/** A subnet's own table, or the one its VPC gives to all others. */
function tablesOf(graph: Graph, subnet: Resource): Resource[] {
  const own = graph
    .referrers(subnet, 'aws_route_table_association', 'subnet_id')
    .flatMap((association) =>
      graph.referents(
        association.get('route_table_id'),
        'aws_route_table',
        'aws_default_route_table',
      ),
    );
  if (own.length > 0) return own;
  const [vpc] = graph.referents(asList(subnet.get('vpc_id')), 'aws_vpc');
  if (!vpc) return [];
  const main = graph
    .referrers(vpc, 'aws_main_route_table_association', 'vpc_id')
    .flatMap((one) => graph.referents(one.get('route_table_id'), 'aws_route_table'));
  return main.length > 0
    ? main
    : graph
        .of('aws_default_route_table')
        .filter((table) =>
          graph.referents(table.get('default_route_table_id'), 'aws_vpc').includes(vpc),
        );
}
