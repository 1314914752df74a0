import type { Reader } from './words.ts';

/** One unit for all values of a chart. */
export interface Unit {
  readonly name: string;
  readonly size: number;
}

/** The largest unit of bytes in which the largest value is at least 1. */
export function byteUnit(largest: number, { format }: Reader): Unit {
  const exponent = largest < 1 ? 0 : Math.min(5, Math.floor(Math.log2(largest) / 10));
  const size = 1024 ** exponent;
  return { name: unitIn(format.bytes(size)), size };
}

/** The same of durations in milliseconds. */
export function durationUnit(largestMs: number, { format }: Reader): Unit {
  const size = [86_400_000, 3_600_000, 60_000].find((unit) => largestMs >= unit * 2) ?? 1_000;
  return { name: unitIn(format.duration(size)), size };
}

function unitIn(formatted: string): string {
  return formatted.replace(/^1 /, '');
}
