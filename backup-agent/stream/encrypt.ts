import { randomBytes } from 'node:crypto';
import { assertRecipientsUniform } from '../keys/recipients.ts';
import { createHeader } from './age-header.ts';
import { chunkBytes, payloadKey, payloadNonceBytes, sealChunk, tagBytes } from './age-payload.ts';
import { ByteReader } from './byte-reader.ts';
import { donate } from './donated.ts';
import { takeBlock } from './release.ts';
import type { Transform } from './transform.ts';

/** How many sealed chunks go on at once: a storage's write of 64 KiB costs as much as one of a MiB. */
const chunksAtOnce = 16;

/**
 * The age v1 format (age-encryption.org/v1), to every one of `recipients`: any age reads it, hybrid
 * recipients from version 1.3 on. Throws `key-invalid` at once when a recipient is malformed or
 * X25519 and hybrid ones are mixed. Holds
 * sixteen chunks.
 */
export function encrypt(recipients: readonly string[]): Transform {
  assertRecipientsUniform(recipients);
  return async function* (source) {
    const header = await createHeader(recipients);
    const nonce = randomBytes(payloadNonceBytes);
    yield Buffer.concat([header.bytes, nonce]);
    const key = payloadKey(header.fileKey, nonce);
    await using reader = new ByteReader(source);
    for (let [index, last] = [0, false]; !last;) {
      const sealed = takeBlock(chunksAtOnce * (chunkBytes + tagBytes));
      let used = 0;
      for (; used < sealed.length && !last; index++) {
        const plaintext = await reader.read(chunkBytes);
        last = await reader.ended();
        const end = used + plaintext.length + tagBytes;
        sealChunk(key, index, last, plaintext, sealed.subarray(used, end));
        used = end;
      }
      yield donate(sealed.subarray(0, used));
    }
  };
}
