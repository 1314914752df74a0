/** An IPv4 or IPv6 range: its first address as a number, and how many bits are fixed. */
export interface Range {
  readonly version: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

const bitsOf = { 4: 32, 6: 128 } as const;

function parseIpv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (
    octets.length !== 4 ||
    octets.some((octet) => !/^\d{1,3}$/.test(octet) || Number(octet) > 255)
  )
    return undefined;
  return octets.reduce((total, octet) => total * 256n + BigInt(octet), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((total, group) => total * 65_536n + BigInt(`0x${group}`), 0n);
}

/** Parses `10.0.0.0/16` or `2001:db8::/32`; undefined when it is neither. */
export function parseCidr(text: string): Range | undefined {
  const [address = '', prefix] = text.split('/');
  const version = address.includes(':') ? 6 : 4;
  const number = version === 6 ? parseIpv6(address) : parseIpv4(address);
  if (number === undefined || prefix === undefined || !/^\d{1,3}$/.test(prefix)) return undefined;
  if (Number(prefix) > bitsOf[version]) return undefined;
  const host = BigInt(bitsOf[version] - Number(prefix));
  return { version, base: (number >> host) << host, prefix: Number(prefix) };
}

function formatAddress(version: 4 | 6, number: bigint): string {
  const [groups, size, radix, separator] =
    version === 4 ? ([4, 8n, 10, '.'] as const) : ([8, 16n, 16, ':'] as const);
  const mask = (1n << size) - 1n;
  return Array.from({ length: groups }, (_, at) =>
    ((number >> (BigInt(groups - 1 - at) * size)) & mask).toString(radix),
  ).join(separator);
}

/** Terraform's `cidrsubnet`; undefined when the range has no such subnet. */
export function cidrSubnet(text: string, bits: number, number: number): string | undefined {
  const range = parseCidr(text);
  if (!range || range.prefix + bits > bitsOf[range.version] || number < 0 || number >= 2 ** bits)
    return undefined;
  const prefix = range.prefix + bits;
  const base = range.base + (BigInt(number) << BigInt(bitsOf[range.version] - prefix));
  return `${formatAddress(range.version, base)}/${prefix}`;
}

/** Terraform's `cidrhost`. */
export function cidrHost(text: string, number: number): string | undefined {
  const range = parseCidr(text);
  if (!range) return undefined;
  const size = 1n << BigInt(bitsOf[range.version] - range.prefix);
  const offset = number < 0 ? size + BigInt(number) : BigInt(number);
  return offset < 0n || offset >= size
    ? undefined
    : formatAddress(range.version, range.base + offset);
}

/** Terraform's `cidrnetmask`: IPv4 alone has one. */
export function cidrNetmask(text: string): string | undefined {
  const range = parseCidr(text);
  if (range?.version !== 4) return undefined;
  return formatAddress(4, ((1n << BigInt(range.prefix)) - 1n) << BigInt(32 - range.prefix));
}

/** Whether `inner` lies wholly within `outer`. */
export function contains(outer: Range, inner: Range): boolean {
  if (outer.version !== inner.version || outer.prefix > inner.prefix) return false;
  const host = BigInt(bitsOf[outer.version] - outer.prefix);
  return outer.base >> host === inner.base >> host;
}

export function overlaps(one: Range, other: Range): boolean {
  return contains(one, other) || contains(other, one);
}

const privateRanges = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
].flatMap((text) => parseCidr(text) ?? []);

/** Whether the range reaches addresses of the public internet. */
export function isPublic(range: Range): boolean {
  return !privateRanges.some((one) => contains(one, range));
}
