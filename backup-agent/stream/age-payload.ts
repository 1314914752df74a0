import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { release } from './release.ts';

/** Plaintext bytes in every chunk but the last: age-encryption.org/v1, "Payload". */
export const chunkBytes = 64 * 1024;
export const tagBytes = 16;
export const payloadNonceBytes = 16;

const cipherName = 'chacha20-poly1305';

/** The key of one payload, from the file key of the header and the payload's own nonce. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/**
 * Eleven bytes of big-endian counter and one that marks the last chunk. Six bytes of counter carry
 * 2^48 chunks, more than any stream has.
 */
export function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals one chunk into `sealed`, which is longer by the tag: its ciphertext, then its tag. */
export function sealChunk(
  key: Uint8Array,
  index: number,
  last: boolean,
  plaintext: Uint8Array,
  sealed: Uint8Array,
): void {
  const cipher = createCipheriv(cipherName, key, chunkNonce(index, last), {
    authTagLength: tagBytes,
  });
  const ciphertext = cipher.update(plaintext);
  sealed.set(ciphertext);
  release(ciphertext);
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
}

/** The plaintext of a sealed chunk, or undefined when it is not authentic at this place. */
export function openChunk(
  key: Uint8Array,
  index: number,
  last: boolean,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const decipher = createDecipheriv(cipherName, key, chunkNonce(index, last), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plaintext;
}
