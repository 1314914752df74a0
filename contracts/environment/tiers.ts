import { formatRange, parseRange, part, type Range } from './cidr.ts';

/**
 * The tiers of the network, in the order of their blocks: each takes an eighth of the VPC's range,
 * and each zone a quarter of its tier's, so that one range names a whole tier. Append only: moving a
 * tier would move its subnets.
 */
export const tiers = ['app', 'data', 'edge', 'egress', 'firewall', 'endpoints', 'vpn'] as const;
export type Tier = (typeof tiers)[number];

const tierBits = 3;
const zoneBits = 2;

function parsed(cidr: string): Range {
  const range = parseRange(cidr);
  if (!range) throw new RangeError(`not an IPv4 range: ${cidr}`);
  return range;
}

/** The range of a whole tier. The VPC's range has been validated; another throws a RangeError. */
export function tierRange(vpcCidr: string, tier: Tier): string {
  return formatRange(part(parsed(vpcCidr), tierBits, tiers.indexOf(tier)));
}

/** The range of a tier's subnet in the zone of this index, counted from 0. */
export function subnetRange(vpcCidr: string, tier: Tier, zone: number): string {
  return formatRange(part(parsed(tierRange(vpcCidr, tier)), zoneBits, zone));
}

/** The range of the recovery VPC's subnet in the zone of this index, counted from 0. */
export function recoverySubnetRange(recoveryCidr: string, zone: number): string {
  return formatRange(part(parsed(recoveryCidr), zoneBits, zone));
}

/** The address of Amazon's resolver in a VPC: the base of its range plus two. */
export function resolverAddress(vpcCidr: string): string {
  return formatRange({ first: parsed(vpcCidr).first + 2, prefix: 32 }).replace('/32', '');
}
