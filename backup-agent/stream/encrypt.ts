import { randomBytes } from 'node:crypto';
import { assertRecipientsUniform } from '../keys/recipients.ts';
import { createHeader } from './age-header.ts';
import { chunkBytes, payloadKey, payloadNonceBytes, sealChunk } from './age-payload.ts';
import { ByteReader } from './byte-reader.ts';
import type { Transform } from './transform.ts';

/**
 * The age v1 format (age-encryption.org/v1), to every one of `recipients`: any age reads it, hybrid
 * recipients from version 1.3 on. Throws `key-invalid` at once when a recipient is malformed or
 * X25519 and hybrid ones are mixed. Holds one chunk.
 */
export function encrypt(recipients: readonly string[]): Transform {
  assertRecipientsUniform(recipients);
  return async function* (source) {
    const header = await createHeader(recipients);
    const nonce = randomBytes(payloadNonceBytes);
    yield Buffer.concat([header.bytes, nonce]);
    const key = payloadKey(header.fileKey, nonce);
    await using reader = new ByteReader(source);
    for (let index = 0; ; index++) {
      const plaintext = await reader.read(chunkBytes);
      const last = await reader.ended();
      yield sealChunk(key, index, last, plaintext);
      if (last) return;
    }
  };
}
