import type { Environment } from '../../contracts/environment.ts';
import { tierRange, type Tier } from '../../contracts/environment/tiers.ts';

export interface AclRule {
  readonly direction: 'in' | 'out';
  readonly action: 'allow' | 'deny';
  readonly cidr: string;
  readonly from: number;
  readonly to: number;
}

const anywhere = '0.0.0.0/0';
/** Ports that Linux opens connections from (net.ipv4.ip_local_port_range), up to the end. */
const linuxPorts = [32_768, 65_535] as const;
/** Ports that NAT gateways, load balancers and foreign clients open connections from. */
const anyClientPorts = [1024, 65_535] as const;

type Ports = number | readonly [number, number];

function rule(action: 'allow' | 'deny', direction: 'in' | 'out') {
  return (cidr: string, ports: Ports): AclRule => {
    const [from, to] = typeof ports === 'number' ? [ports, ports] : ports;
    return { direction, action, cidr, from, to };
  };
}
const accept = rule('allow', 'in');
const send = rule('allow', 'out');
const everyPort = [0, 65_535] as const;

/** Closes a tier against the rest of a range before rules for the whole world follow. */
function nothingElse(cidr: string): AclRule[] {
  return [rule('deny', 'in')(cidr, everyPort), rule('deny', 'out')(cidr, everyPort)];
}

/**
 * What a tier's network ACL lets pass, in order, all TCP: the flows of the tier table and, for ACLs
 * keep no state, the ports that replies go to. What stands in no rule is dropped.
 */
export function aclRules(environment: Environment, tier: Tier): readonly AclRule[] {
  const { vpcCidr, applicationPort } = environment.network;
  const of = (other: Tier) => tierRange(vpcCidr, other);
  const sites = environment.vpn.sites.flatMap((site) => site.ranges);
  const clients = environment.vpn.clients ? [of('vpn')] : [];
  const files = environment.data.fileSystem;
  const passage = [
    accept(of('app'), 443),
    send(of('app'), linuxPorts),
    ...nothingElse(vpcCidr),
    send(anywhere, 443),
  ];
  const rules: Record<Tier, AclRule[]> = {
    edge: [
      accept(of('app'), anyClientPorts),
      send(of('app'), applicationPort),
      ...nothingElse(vpcCidr),
      accept(anywhere, 443),
      accept(anywhere, 80),
      accept(anywhere, anyClientPorts),
      send(anywhere, anyClientPorts),
      send(anywhere, 443),
    ],
    egress: [...passage, accept(anywhere, anyClientPorts)],
    firewall: [...passage, accept(anywhere, linuxPorts)],
    app: [
      accept(of('edge'), applicationPort),
      ...[...clients, ...sites].map((range) => accept(range, 443)),
      accept(of('data'), linuxPorts),
      accept(of('endpoints'), linuxPorts),
      send(of('data'), 5432),
      ...(files ? [send(of('data'), 2049)] : []),
      send(of('endpoints'), 443),
      send(of('edge'), anyClientPorts),
      ...[...clients, ...sites].map((range) => send(range, anyClientPorts)),
      ...[vpcCidr, ...sites].flatMap(nothingElse),
      accept(anywhere, linuxPorts),
      send(anywhere, 443),
    ],
    data: [
      ...[of('app'), ...clients].map((range) => accept(range, 5432)),
      ...(files ? [accept(of('app'), 2049)] : []),
      send(of('app'), linuxPorts),
      ...clients.map((range) => send(range, anyClientPorts)),
    ],
    endpoints: [accept(of('app'), 443), send(of('app'), linuxPorts)],
    vpn: [
      accept(of('data'), anyClientPorts),
      accept(of('app'), anyClientPorts),
      send(of('data'), 5432),
      send(of('app'), 443),
    ],
  };
  return rules[tier];
}

/** The recovery VPC: its own endpoints, and S3 through the gateway endpoint; nothing else routes. */
export function recoveryAclRules(recoveryCidr: string): readonly AclRule[] {
  return [
    accept(recoveryCidr, 443),
    accept(anywhere, linuxPorts),
    send(anywhere, 443),
    send(recoveryCidr, linuxPorts),
  ];
}
