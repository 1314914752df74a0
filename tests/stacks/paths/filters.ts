import { parseRange, sizeOf } from '../../../contracts/environment/cidr.ts';
import type { Attributes } from '../support.ts';
import type { Address, World } from './resolve.ts';

/** An IPv4 address as a number. */
export type Ip = number;

export function within(cidr: string, ip: Ip): boolean {
  const range = parseRange(cidr);
  if (!range) throw new Error(`not a range: ${cidr}`);
  return ip >= range.first && ip < range.first + sizeOf(range.prefix);
}

interface Packet {
  readonly direction: 'in' | 'out';
  /** The other side, as the subnet sees it. */
  readonly peer: Ip;
  readonly port: number;
}

const tcp = new Set(['6', 'tcp', '-1', 'all']);

const sorted = new WeakMap<World, Map<string, readonly Attributes[]>>();

/** An ACL's rules of one direction in the order in which AWS tries them. */
function rulesOf(world: World, acl: Address, direction: 'in' | 'out'): readonly Attributes[] {
  const known = sorted.get(world) ?? new Map<string, readonly Attributes[]>();
  sorted.set(world, known);
  const key = `${direction} ${acl}`;
  const rules =
    known.get(key) ??
    world
      .ofType('aws_network_acl_rule')
      .filter((rule) => world.follow(rule['network_acl_id']) === acl)
      .filter((rule) => (rule['egress'] === true) === (direction === 'out'))
      .sort((a, b) => Number(a['rule_number']) - Number(b['rule_number']));
  known.set(key, rules);
  return rules;
}

/** Whether a subnet's network ACL lets a TCP packet pass: the lowest matching number decides. */
export function aclAllows(world: World, acl: Address, packet: Packet): boolean {
  const hit = rulesOf(world, acl, packet.direction).find(
    (rule) =>
      tcp.has(String(rule['protocol'])) &&
      within(String(rule['cidr_block']), packet.peer) &&
      (rule['protocol'] === '-1' ||
        (packet.port >= Number(rule['from_port']) && packet.port <= Number(rule['to_port']))),
  );
  return hit?.['rule_action'] === 'allow';
}

export interface Peer {
  readonly ip: Ip;
  readonly groups: readonly Address[];
  /** The gateway endpoint whose prefix list holds the address. */
  readonly prefixListOf?: Address;
}

/** Whether one of a thing's security groups lets a connection begin. */
export function groupsAllow(
  world: World,
  groups: readonly Address[],
  direction: 'in' | 'out',
  peer: Peer,
  port: number,
): boolean {
  const type =
    direction === 'in'
      ? 'aws_vpc_security_group_ingress_rule'
      : 'aws_vpc_security_group_egress_rule';
  return world.ofType(type).some((rule) => {
    const group = world.follow(rule['security_group_id']);
    return group !== undefined && groups.includes(group) && matches(world, rule, peer, port);
  });
}

function matches(world: World, rule: Attributes, peer: Peer, port: number): boolean {
  const protocol = String(rule['ip_protocol']);
  if (!tcp.has(protocol)) return false;
  if (protocol !== '-1' && (port < Number(rule['from_port']) || port > Number(rule['to_port'])))
    return false;
  const other = world.follow(rule['referenced_security_group_id']);
  if (other !== undefined) return peer.groups.includes(other);
  const list = world.follow(rule['prefix_list_id']);
  if (list !== undefined) return list === peer.prefixListOf;
  return within(String(rule['cidr_ipv4']), peer.ip);
}
