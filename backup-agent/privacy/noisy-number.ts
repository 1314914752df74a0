import { fractionOf, type MaskingKey } from './masking-key.ts';

const decimal = /^(-?)(\d+)(?:\.(\d+))?$/;
const steps = 1_000_000n;

/**
 * Changes a number by up to `percent` either way, the same text always by as much, with as many
 * decimals and never more digits before the point. Zero, infinities and NaN stay as they are.
 */
export function addNoise(key: MaskingKey, percent: number, text: string): string {
  const parts = decimal.exec(text);
  if (!parts) return scientific(key, percent, text);
  const [, sign = '', whole = '', decimals = ''] = parts;
  const scaled = BigInt(whole + decimals);
  const factor = factorOf(key, percent, text);
  const changed = (value: bigint) => (scaled * (steps + value)) / steps;
  let result = changed(factor);
  // An overflow of the column's precision would stop the restore.
  if (result.toString().length > scaled.toString().length) result = changed(-factor);
  const digits = result.toString().padStart(decimals.length + 1, '0');
  const cut = digits.length - decimals.length;
  const value = decimals === '' ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return result === 0n ? value : sign + value;
}

function factorOf(key: MaskingKey, percent: number, text: string): bigint {
  const draw = fractionOf(key.digest(`noise ${percent}`, text)) * 2 - 1;
  return BigInt(Math.round((draw * percent * Number(steps)) / 100));
}

/** Floating point numbers as PostgreSQL writes very large and very small ones. */
function scientific(key: MaskingKey, percent: number, text: string): string {
  if (!/^-?\d+(\.\d+)?e[+-]\d+$/.test(text)) return text;
  const at = text.indexOf('e');
  return addNoise(key, percent, text.slice(0, at)) + text.slice(at);
}
