import { HoldfastError } from '../errors/holdfast-error.ts';
import { assertIdentity } from '../keys/identities.ts';
import { openHeader, readHeader } from './age-header.ts';
import { chunkBytes, openChunk, payloadKey, payloadNonceBytes, tagBytes } from './age-payload.ts';
import { ByteReader } from './byte-reader.ts';
import { donate } from './donated.ts';
import type { Transform } from './transform.ts';

/**
 * Reads the age v1 format (binary, not armored) with whichever of `identities` fits. A byte is
 * released only after the chunk that holds it proved authentic, and in its place. Throws
 * `identity-missing` or `key-invalid` at once. Rejects with `identity-wrong` (a damaged stanza looks
 * the same), or `ciphertext-damaged`: changed, reordered, cut or followed by anything. Holds two
 * chunks.
 */
export function decrypt(identities: readonly string[]): Transform {
  if (identities.length === 0)
    throw new HoldfastError('identity-missing', 'no identity was given to decrypt with');
  for (const identity of identities) assertIdentity(identity);
  return async function* (source) {
    await using reader = new ByteReader(source);
    const fileKey = await openHeader(await readHeader(reader), identities);
    const nonce = await reader.read(payloadNonceBytes);
    if (nonce.length < payloadNonceBytes) throw cut();
    const key = payloadKey(fileKey, nonce);
    for (let index = 0; ; index++) {
      const sealed = await reader.read(chunkBytes + tagBytes);
      if (sealed.length < tagBytes) throw cut();
      const last = await reader.ended();
      const plaintext = openChunk(key, index, last, sealed);
      if (plaintext === undefined) throw damaged(index);
      // Only an empty file ends with an empty chunk; elsewhere it would be a second spelling.
      if (last && index > 0 && plaintext.length === 0) throw damaged(index);
      yield donate(plaintext);
      if (last) return;
    }
  };
}

function cut(): HoldfastError {
  return new HoldfastError('ciphertext-damaged', 'the encrypted stream was cut');
}

function damaged(index: number): HoldfastError {
  const offset = index * chunkBytes;
  return new HoldfastError(
    'ciphertext-damaged',
    `the encrypted stream is not authentic from byte ${offset} of its content on`,
  );
}
