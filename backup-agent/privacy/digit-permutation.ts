import type { MaskingKey } from './masking-key.ts';

const rounds = 10;
const mostDigits = 36;

/**
 * A keyed permutation of the numbers that are written with as many decimal digits, up to 36: two texts
 * never become the same one. A Feistel network over the two halves with addition modulo a power of
 * ten, of the construction of FF1 (NIST SP 800-38G); its round function is one block of AES over the
 * use, the length, the round and the other half. For few digits it hides little, as there are few to
 * guess.
 */
export function permuteDigits(key: MaskingKey, use: string, digits: string): string {
  if (digits.length > mostDigits) throw new RangeError('too many digits');
  if (digits.length < 2) return permuteOne(key, use, digits);
  const half = digits.length >> 1;
  let left = BigInt(digits.slice(0, half));
  let right = BigInt(digits.slice(half));
  const leftSize = 10n ** BigInt(half);
  const rightSize = 10n ** BigInt(digits.length - half);
  const block = key.label(`digits ${use}`);
  block[8] = digits.length;
  for (let round = 0; round < rounds; round += 1) {
    block[9] = round;
    if (round % 2 === 0) left = (left + roundOf(key, block, right)) % leftSize;
    else right = (right + roundOf(key, block, left)) % rightSize;
  }
  const last = right.toString().padStart(digits.length - half, '0');
  return left.toString().padStart(half, '0') + last;
}

/** A half of 18 digits takes 60 bits: six bytes of the block, and two that hold the rest. */
function roundOf(key: MaskingKey, block: Buffer, half: bigint): bigint {
  block.writeUIntBE(Number(half & 0xffff_ffff_ffffn), 10, 6);
  block.writeUInt16BE(Number(half >> 48n), 6);
  return key.encryptBlock(block).readBigUInt64BE();
}

function permuteOne(key: MaskingKey, use: string, digit: string): string {
  if (digit === '') return digit;
  const offset = key.digest(`digit ${use}`, '').readUInt16BE() % 10;
  return String((Number(digit) + offset) % 10);
}

/**
 * A keyed permutation of the whole numbers of as many digits that are not greater than `most`; the
 * sign stays. Walks the permutation of all digit strings until it comes to a number that is allowed.
 */
export function permuteInteger(key: MaskingKey, text: string, most: bigint): string {
  const sign = text.startsWith('-') ? '-' : '';
  let digits = text.slice(sign.length);
  do digits = permuteDigits(key, 'integer', digits);
  while ((digits.length > 1 && digits.startsWith('0')) || BigInt(digits) > most);
  return sign + digits;
}
