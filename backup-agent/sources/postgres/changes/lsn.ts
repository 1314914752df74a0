import { HoldfastError } from '../../../errors/holdfast-error.ts';

/** A position in the write-ahead log, in bytes. Compare with `<`; print with `formatLsn`. */
export type Lsn = bigint;

const pattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** Reads PostgreSQL's `16/B374D848`; throws `document-malformed` for anything else. */
export function parseLsn(text: string): Lsn {
  const match = pattern.exec(text);
  if (!match) throw new HoldfastError('document-malformed', `not an LSN: ${JSON.stringify(text)}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** PostgreSQL's own spelling: two hexadecimal halves without leading zeros. */
export function formatLsn(lsn: Lsn): string {
  const high = (lsn >> 32n).toString(16).toUpperCase();
  const low = (lsn & 0xffff_ffffn).toString(16).toUpperCase();
  return `${high}/${low}`;
}

export function lowerLsn(a: Lsn, b: Lsn): Lsn {
  return a < b ? a : b;
}
