import type { MaskingKey } from '../masking-key.ts';

/** Nobody can own it, so nothing sent there arrives (RFC 2606, section 2). */
export const pseudonymDomain = 'masked.invalid';

/** An address of the form `m-1f…@masked.invalid`, told apart by 64 bits of the keyed digest. */
export function emailPseudonym(key: MaskingKey, value: string): string {
  if (value === '') return value;
  return `m-${key.digest('email', value).toString('hex', 0, 8)}@${pseudonymDomain}`;
}
