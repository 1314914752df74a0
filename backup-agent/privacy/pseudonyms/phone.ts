import { countryCodeLength } from '../country-code.ts';
import { permuteDigits } from '../digit-permutation.ts';
import type { MaskingKey } from '../masking-key.ts';

/** Punctuation of phone numbers, with an extension's sign. */
const shape =
  /^[\d\s()+./\u2010-\u2015-]*\d[\d\s()+./\u2010-\u2015-]*(?:(?:ext\.?|x|#|转)\s*\d+)?$/iu;

/** A mobile number of mainland China without its country code. */
const chineseMobile = /^1[3-9]\d{9}$/;

/**
 * A phone number in the form of the original: country code, grouping and punctuation stay, the
 * national number becomes one that begins with 0, as none does after a country code. Two numbers
 * never become the same one within a country. A Chinese mobile number keeps its eleven digits; others
 * grow by one. What is no phone number becomes a word with digits from the keyed digest.
 */
export function phonePseudonym(key: MaskingKey, value: string): string {
  if (value.trim() === '') return value;
  const digits = value.replaceAll(/\D/g, '');
  if (!shape.test(value) || digits.length < 4 || digits.length > 24)
    return `masked-${key.digest('phone', value).toString('hex', 0, 6)}`;
  const kept = countryPart(value, digits);
  const national = digits.slice(kept);
  const drop = chineseMobile.test(national) ? 1 : 0;
  const permuted = `0${permuteDigits(key, `phone ${digits.slice(0, kept)}`, national.slice(drop))}`;
  return fill(value, kept, permuted, national.length);
}

/** How many leading digits say which country. */
function countryPart(value: string, digits: string): number {
  const prefix = /^\D*\+/.test(value) ? 0 : digits.startsWith('00') ? 2 : undefined;
  if (prefix === undefined) return 0;
  const rest = digits.slice(prefix);
  return Math.min(prefix + countryCodeLength(rest), digits.length - 2);
}

/** Puts new digits where the old national ones stood; one too many goes before the first. */
function fill(value: string, kept: number, permuted: string, places: number): string {
  const extra = permuted.length - places;
  let seen = 0;
  return value.replaceAll(/\d/g, (digit) => {
    const at = seen - kept;
    seen += 1;
    if (at < 0) return digit;
    return at === 0 ? permuted.slice(0, 1 + extra) : permuted.charAt(at + extra);
  });
}
