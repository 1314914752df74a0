import type { MaskRule, SimpleMaskRule } from '../../contracts/masking.ts';
import { mapArray } from './array-literal.ts';
import { ruleName, widest, type ColumnType } from './column-type.ts';
import { findPersonal, type PersonalKind } from './detectors/detectors.ts';
import { permuteDigits, permuteInteger } from './digit-permutation.ts';
import { maskJson } from './json-text.ts';
import type { MaskingKey } from './masking-key.ts';
import { addNoise } from './noisy-number.ts';
import { emailPseudonym } from './pseudonyms/email.ts';
import { namePseudonym } from './pseudonyms/name.ts';
import { phonePseudonym } from './pseudonyms/phone.ts';
import { shiftDate } from './shifted-date.ts';

/** A value in, what stands in its place out; `undefined` for null. Null itself is never asked. */
export type ColumnMask = (value: string) => string | undefined;

const pseudonyms = { email: emailPseudonym, phone: phonePseudonym, name: namePseudonym };
const redacted = '[redacted]';

/**
 * The mask of a column. The same value gives the same result in every column of the same kind of
 * type under the same rule, so foreign keys keep matching. The type must be one that the rule takes,
 * see `misfitOf`.
 */
export function columnMask(key: MaskingKey, rule: MaskRule, type: ColumnType): ColumnMask {
  const mask = elementMask(key, rule, type);
  const fitted: ColumnMask = (value) => fit(mask(value), type);
  if (!type.isArray) return fitted;
  return rule === null || rule === 'null' ? mask : (value) => mapArray(value, fitted);
}

function elementMask(key: MaskingKey, rule: MaskRule, type: ColumnType): ColumnMask {
  if (typeof rule === 'object' && rule !== null && 'json' in rule) return jsonMask(key, rule.json);
  if (rule === 'hash') return hashMask(key, type);
  if (type.kind === 'json' && ruleName(rule) === 'redact') {
    const text = JSON.stringify(simpleMask(key, rule)(''));
    return () => text;
  }
  return simpleMask(key, rule);
}

function simpleMask(key: MaskingKey, rule: SimpleMaskRule): ColumnMask {
  if (rule === null || rule === 'null') return () => undefined;
  if (rule === 'keep') return (value) => value;
  if (rule === 'redact') return () => redacted;
  if (rule === 'scrub') return (value) => scrub(key, value);
  if (rule === 'hash') return (value) => key.digest('hash', value).toString('hex');
  if ('pseudonym' in rule) return (value) => pseudonyms[rule.pseudonym](key, value);
  if ('redact' in rule) return () => rule.redact;
  if ('shiftDays' in rule) return (value) => shiftDate(key, rule.shiftDays, value);
  return (value) => addNoise(key, rule.noisePercent, value);
}

function hashMask(key: MaskingKey, type: ColumnType): ColumnMask {
  if (type.kind === 'integer') {
    const most = widest[type.name] ?? 0n;
    return (value) => permuteInteger(key, value, most);
  }
  const digest = (value: string) => key.digest('hash', value);
  if (type.kind === 'uuid') return (value) => uuidOf(digest(value));
  if (type.kind === 'bytes') return (value) => `\\x${digest(value).toString('hex')}`;
  return (value) => digest(value).toString('hex').slice(0, type.length);
}

/** Version 8, variant 2: a UUID whose bits mean nothing (RFC 9562, section 5.8). */
function uuidOf(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function jsonMask(
  key: MaskingKey,
  {
    fields,
    others,
  }: { fields: Record<string, SimpleMaskRule>; others: 'keep' | 'scrub' | 'redact' },
): ColumnMask {
  const rules = new Map(
    Object.entries(fields).map(([field, rule]) => [field, simpleMask(key, rule)]),
  );
  const other = simpleMask(key, others);
  return (value) =>
    maskJson(value, { field: (field) => rules.get(field), other: (text) => other(text) ?? text });
}

/** Replaces what looks personal in a text by a pseudonym of its own kind. */
export function scrub(key: MaskingKey, text: string): string {
  let result = '';
  let done = 0;
  for (const { kind, text: personal, at } of findPersonal(text)) {
    result += text.slice(done, at) + stand(key, kind, personal);
    done = at + personal.length;
  }
  return done === 0 ? text : result + text.slice(done);
}

function stand(key: MaskingKey, kind: PersonalKind, text: string): string {
  if (kind === 'e-mail address') return emailPseudonym(key, text);
  if (kind === 'phone number') return phonePseudonym(key, text);
  // No resident id and no card number begins with 0.
  const digits = text.replaceAll(/\D/g, '');
  return `0${permuteDigits(key, kind, digits.slice(1))}`;
}

/** As long as the column allows; `char(n)` is filled with spaces, as PostgreSQL does. */
function fit(value: string | undefined, { length, padded }: ColumnType): string | undefined {
  if (value === undefined || length === undefined) return value;
  const characters = Array.from(value);
  if (characters.length > length) return characters.slice(0, length).join('');
  return padded ? value + ' '.repeat(length - characters.length) : value;
}
