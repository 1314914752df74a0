import { overlaps, parseCidr } from '../engine/cidr.ts';
import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { textOf } from '../engine/value.ts';
import { networkOf } from './network.ts';
import {
  coversPort,
  isOpenToInternet,
  networkAclRules,
  rangesOf,
  securityGroupRules,
  type TrafficRule,
} from './traffic.ts';

const groupTypes = ['aws_security_group', 'aws_default_security_group'] as const;
const balancers = new Set(['aws_lb', 'aws_alb', 'aws_elb']);

/** Subnets that hold data or in which restores are rehearsed. */
export function dataSubnets(graph: Graph): Resource[] {
  const named = [
    ...graph
      .of('aws_db_subnet_group')
      .flatMap((group) => graph.referents(group.get('subnet_ids'), 'aws_subnet')),
    ...graph
      .of('aws_efs_mount_target')
      .flatMap((target) => graph.referents(target.get('subnet_id'), 'aws_subnet')),
    ...graph.of('aws_subnet').filter(isRecovery),
  ];
  return [...new Set(named)];
}

/** Drills run in a network of their own, known by its name. */
export function isRecovery(resource: Resource): boolean {
  return /recovery|drill/i.test(textOf(resource.tags['Name'] ?? resource.get('name')));
}

/** Security groups around data stores, and those of recovery. */
export function dataGroups(graph: Graph): Resource[] {
  const stores = [
    ...graph
      .of('aws_db_instance', 'aws_rds_cluster')
      .flatMap((store) => graph.referents(store.get('vpc_security_group_ids'), ...groupTypes)),
    ...graph
      .of('aws_efs_mount_target')
      .flatMap((target) => graph.referents(target.get('security_groups'), ...groupTypes)),
    ...graph.of('aws_security_group').filter(isRecovery),
  ];
  return [...new Set(stores)];
}

/** What the search asks of every group again and again, answered once for each graph. */
interface Known {
  readonly rules: ReadonlyMap<Resource | undefined, readonly TrafficRule[]>;
  readonly predecessors: Map<Resource, readonly Resource[]>;
  readonly entries: Map<Resource, boolean>;
}
const cached = new WeakMap<Graph, Known>();

function knownOf(graph: Graph): Known {
  const known = cached.get(graph) ?? {
    rules: Map.groupBy(securityGroupRules(graph), ({ owner }) => owner),
    predecessors: new Map(),
    entries: new Map(),
  };
  cached.set(graph, known);
  return known;
}

function once<Value>(answers: Map<Resource, Value>, group: Resource, ask: () => Value): Value {
  const answer = answers.get(group) ?? ask();
  answers.set(group, answer);
  return answer;
}

/**
 * The shortest way from the internet to a security group that does not pass the load balancer and one
 * more tier, as the groups on it from the outside in; undefined when there is none.
 */
export function pathFromInternet(graph: Graph, target: Resource): readonly Resource[] | undefined {
  const queue: (readonly Resource[])[] = [[target]];
  const seen = new Set([target]);
  for (let path = queue.shift(); path; path = queue.shift()) {
    const [outermost] = path;
    if (!outermost) continue;
    const entry = once(knownOf(graph).entries, outermost, () => isEntry(graph, outermost));
    if (entry && !(path.length > 2 && isBalancerOnly(graph, outermost))) return path;
    for (const next of once(knownOf(graph).predecessors, outermost, () =>
      predecessors(graph, outermost),
    )) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([next, ...path]);
    }
  }
  return undefined;
}

function ingress(graph: Graph, group: Resource): TrafficRule[] {
  return (knownOf(graph).rules.get(group) ?? []).filter(({ direction }) => direction === 'ingress');
}

/** Groups whose members the rules of this one let in: by reference, or by a range they live in. */
function predecessors(graph: Graph, group: Resource): Resource[] {
  const rules = ingress(graph, group);
  const referred = rules.flatMap(({ peers }) => graph.referents(peers, ...groupTypes));
  const ranges = rules.filter((rule) => !isOpenToInternet(rule)).flatMap(rangesOf);
  const living =
    ranges.length === 0
      ? []
      : graph.of('aws_security_group').filter((other) =>
          subnetsOf(graph, other).some((subnet) => {
            const own = parseCidr(textOf(subnet.get('cidr_block')));
            return own !== undefined && ranges.some((range) => overlaps(range, own));
          }),
        );
  return [...new Set([...referred, ...living])].filter((other) => other !== group);
}

/** Whether the internet reaches a member: a rule lets it in, a route leads there, and no ACL stops it. */
function isEntry(graph: Graph, group: Resource): boolean {
  const open = ingress(graph, group).filter(isOpenToInternet);
  if (open.length === 0) return false;
  const subnets = subnetsOf(graph, group);
  return (
    subnets.length === 0 ||
    subnets.some(
      (subnet) =>
        hasInternetRoute(graph, subnet) && open.some((rule) => aclAdmits(graph, subnet, rule)),
    )
  );
}

function holders(graph: Graph, group: Resource): readonly Resource[] {
  return graph.users(group).filter(({ type }) => !type.includes('security_group'));
}

function isBalancerOnly(graph: Graph, group: Resource): boolean {
  const all = holders(graph, group);
  return all.length > 0 && all.every(({ type }) => balancers.has(type));
}

function subnetsOf(graph: Graph, group: Resource): Resource[] {
  return holders(graph, group).flatMap((holder) => [
    ...graph.referents(Object.values(holder.values), 'aws_subnet'),
    ...graph
      .referents(holder.get('db_subnet_group_name'), 'aws_db_subnet_group')
      .flatMap((one) => graph.referents(one.get('subnet_ids'), 'aws_subnet')),
  ]);
}

export function hasInternetRoute(graph: Graph, subnet: Resource): boolean {
  return networkOf(graph)
    .routesOf(subnet)
    .some(
      ({ target }) =>
        graph.referents(target, 'aws_internet_gateway').length > 0 ||
        textOf(target).startsWith('igw-'),
    );
}

/** An ACL judges by its lowest rule that speaks of the packet; without an ACL of its own all passes. */
function aclAdmits(graph: Graph, subnet: Resource, rule: TrafficRule): boolean {
  const [acl] = graph.referrers(subnet, 'aws_network_acl', 'subnet_ids');
  if (!acl) return true;
  const [port] = rule.ports;
  const first = networkAclRules(graph)
    .filter(({ owner, direction }) => owner === acl && direction === 'ingress')
    .toSorted((one, other) => one.number - other.number)
    .find((one) => isOpenToInternet(one) && (coversPort(one, port) || rule.protocol === '-1'));
  return first?.allows === true;
}
