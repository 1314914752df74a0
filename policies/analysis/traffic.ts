import { isPublic, parseCidr, type Range } from '../engine/cidr.ts';
import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { asList, type Fields, isKnown, textOf, type Value } from '../engine/value.ts';

export type Direction = 'ingress' | 'egress';

/** One rule of a security group or network ACL, wherever it is declared. */
export interface TrafficRule {
  /** The security group or network ACL. */
  readonly owner: Resource | undefined;
  /** The resource that declares the rule: the owner itself or a separate one. */
  readonly declared: Resource;
  readonly direction: Direction;
  readonly allows: boolean;
  /** Order among an ACL's rules. */
  readonly number: number;
  /** `tcp`, `udp`, `icmp`, or `-1` for all. */
  readonly protocol: string;
  readonly ports: readonly [from: number, to: number];
  readonly ranges: readonly Value[];
  /** Security groups and prefix lists. */
  readonly peers: readonly Value[];
  readonly prefixLists: readonly Value[];
  readonly self: boolean;
  readonly description: string;
}

const protocolNames: Readonly<Record<string, string>> = {
  '6': 'tcp',
  '17': 'udp',
  '1': 'icmp',
  '58': 'icmpv6',
  all: '-1',
};
const groupRules = new WeakMap<Graph, readonly TrafficRule[]>();
const aclRules = new WeakMap<Graph, readonly TrafficRule[]>();

function rule(
  owner: Resource | undefined,
  declared: Resource,
  direction: Direction,
  fields: Fields,
): TrafficRule {
  const protocol = textOf(fields['protocol'] ?? fields['ip_protocol'] ?? '-1').toLowerCase();
  const everything = protocol === '-1' || protocol === 'all';
  const port = (value: Value | undefined, fallback: number): number =>
    everything || value === undefined || value === null ? fallback : Number(value);
  return {
    owner,
    declared,
    direction,
    allows: (fields['action'] ?? fields['rule_action'] ?? 'allow') === 'allow',
    number: Number(fields['rule_no'] ?? fields['rule_number'] ?? 0),
    protocol: protocolNames[protocol] ?? protocol,
    ports: [port(fields['from_port'], 0), port(fields['to_port'], 65_535)],
    ranges: [
      'cidr_blocks',
      'ipv6_cidr_blocks',
      'cidr_block',
      'ipv6_cidr_block',
      'cidr_ipv4',
      'cidr_ipv6',
    ].flatMap((key) => asList(fields[key])),
    peers: ['security_groups', 'source_security_group_id', 'referenced_security_group_id'].flatMap(
      (key) => asList(fields[key]),
    ),
    prefixLists: ['prefix_list_ids', 'prefix_list_id'].flatMap((key) => asList(fields[key])),
    self: fields['self'] === true,
    description: textOf(fields['description']),
  };
}

function memo(
  cache: WeakMap<Graph, readonly TrafficRule[]>,
  graph: Graph,
  compute: () => readonly TrafficRule[],
): readonly TrafficRule[] {
  const known = cache.get(graph) ?? compute();
  cache.set(graph, known);
  return known;
}

const directions = ['ingress', 'egress'] as const;

function inline(owner: Resource): TrafficRule[] {
  return directions.flatMap((direction) =>
    owner.blocks(direction).map((block) => rule(owner, owner, direction, block)),
  );
}

/** Every security group rule: inline blocks, `aws_security_group_rule` and the newer one-way types. */
export function securityGroupRules(graph: Graph): readonly TrafficRule[] {
  return memo(groupRules, graph, () => {
    const owner = (one: Resource): Resource | undefined =>
      graph.referents(
        one.get('security_group_id'),
        'aws_security_group',
        'aws_default_security_group',
      )[0];
    return [
      ...graph.of('aws_security_group', 'aws_default_security_group').flatMap(inline),
      ...graph
        .of('aws_security_group_rule')
        .map((one) =>
          rule(owner(one), one, one.get('type') === 'egress' ? 'egress' : 'ingress', one.values),
        ),
      ...directions.flatMap((direction) =>
        graph
          .of(`aws_vpc_security_group_${direction}_rule`)
          .map((one) => rule(owner(one), one, direction, one.values)),
      ),
    ];
  });
}

/** Every network ACL rule: inline blocks and `aws_network_acl_rule`. */
export function networkAclRules(graph: Graph): readonly TrafficRule[] {
  return memo(aclRules, graph, () => [
    ...graph.of('aws_network_acl', 'aws_default_network_acl').flatMap(inline),
    ...graph
      .of('aws_network_acl_rule')
      .map((one) =>
        rule(
          graph.referents(
            one.get('network_acl_id'),
            'aws_network_acl',
            'aws_default_network_acl',
          )[0],
          one,
          one.get('egress') === true ? 'egress' : 'ingress',
          one.values,
        ),
      ),
  ]);
}

/** The rule's ranges as numbers; what is not known is left out. */
export function rangesOf({ ranges }: TrafficRule): Range[] {
  return ranges.filter(isKnown).flatMap((text) => parseCidr(textOf(text)) ?? []);
}

/** Whether the rule lets in, or out to, any part of the public internet. */
export function isOpenToInternet(one: TrafficRule): boolean {
  return rangesOf(one).some(isPublic);
}

/** Whether a range or port is only known after apply, so that what it opens cannot be said. */
export function isUndecided({ ranges, ports }: TrafficRule): boolean {
  return !ranges.every(isKnown) || ports.some(Number.isNaN);
}

/** Whether it covers the whole of the internet. */
export function isOpenToAll({ ranges }: TrafficRule): boolean {
  return ranges.some((range) => range === '0.0.0.0/0' || range === '::/0');
}

export function coversPort(
  { protocol, ports: [from, to] }: TrafficRule,
  port: number,
  wanted = 'tcp',
): boolean {
  return (protocol === '-1' || protocol === wanted) && from <= port && port <= to;
}

export function coversAllPorts({ protocol, ports: [from, to] }: TrafficRule): boolean {
  return (
    protocol === '-1' || ((protocol === 'tcp' || protocol === 'udp') && from <= 0 && to >= 65_535)
  );
}

/** `tcp 443 from 0.0.0.0/0`, for messages. */
export function describe(one: TrafficRule): string {
  const [from, to] = one.ports;
  const ports =
    one.protocol === '-1'
      ? 'all traffic'
      : `${one.protocol} ${from === to ? from : `${from}-${to}`}`;
  return `${ports} ${one.direction === 'ingress' ? 'from' : 'to'} ${one.ranges.map(textOf).join(', ')}`;
}
