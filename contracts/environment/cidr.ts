import { z } from 'zod';

/** An IPv4 range: its first address as a number, and the length of its prefix. */
export interface Range {
  readonly first: number;
  readonly prefix: number;
}

const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** The range that `a.b.c.d/n` names, or undefined where it is none (host bits set included). */
export function parseRange(text: string): Range | undefined {
  const match = octets.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return first % sizeOf(prefix) === 0 ? { first, prefix } : undefined;
}

/** How many addresses a prefix of this length holds. */
export function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

export function formatRange({ first, prefix }: Range): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join('.')}/${prefix}`;
}

/** True when the two share at least one address. */
export function overlap(left: Range, right: Range): boolean {
  return (
    left.first < right.first + sizeOf(right.prefix) &&
    right.first < left.first + sizeOf(left.prefix)
  );
}

/** True when every address of `inner` lies in `outer`. */
export function contains(outer: Range, inner: Range): boolean {
  return outer.prefix <= inner.prefix && overlap(outer, inner);
}

/** The `index`-th of the equal parts that `bits` more prefix bits cut a range into. */
export function part(range: Range, bits: number, index: number): Range {
  const prefix = range.prefix + bits;
  return { first: range.first + index * sizeOf(prefix), prefix };
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

function isPrivate(range: Range): boolean {
  return privateRanges.some((text) => {
    const outer = parseRange(text);
    return outer !== undefined && contains(outer, range);
  });
}

/** A private IPv4 range whose prefix lies within the given lengths. */
export function privateRange(longest: number, shortest: number): z.ZodType<string, string> {
  return z.string().superRefine((text, context) => {
    const range = parseRange(text);
    const message = !range
      ? 'must be an IPv4 range such as 10.40.0.0/16, without host bits'
      : range.prefix === 0
        ? 'must not be open to the whole internet'
        : !isPrivate(range)
          ? 'must lie in a private range (RFC 1918 or RFC 6598)'
          : range.prefix < longest
            ? `is too large: at most /${longest}`
            : range.prefix > shortest
              ? `is too small: at least /${shortest}`
              : undefined;
    if (message) context.addIssue({ code: 'custom', message });
  });
}
