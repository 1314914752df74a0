import type { Manifest, ObjectEntry } from '../../contracts/manifest.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { BackupReader } from '../sources/source.ts';
import { decompress } from '../stream/decompress.ts';
import { decrypt } from '../stream/decrypt.ts';
import { expectDigest } from '../stream/digest.ts';
import { through } from '../stream/transform.ts';
import type { Storage } from '../storage/storage.ts';
import { objectKey, plainName, storedName, type Area } from './layout.ts';

/**
 * Reads a committed backup. Every failure names the object's key, so that a person knows which file
 * is damaged. With the metadata identity alone only `meta/` opens.
 */
export function createBackupReader(
  storage: Storage,
  manifest: Manifest,
  identities: readonly string[],
): BackupReader {
  const read = (area: Area) => {
    // Thousands of tables are as many objects, each of them looked up once.
    const entries = new Map(manifest[area].map((entry) => [entry.name, entry]));
    return async (name: string, signal: AbortSignal) => {
      const entry = entries.get(storedName(name));
      if (!entry)
        throw new HoldfastError(
          'storage-object-missing',
          `backup ${manifest.id} has no ${area === 'meta' ? 'meta object' : 'object'} ${name}`,
        );
      const key = objectKey(manifest.job, manifest.id, area, entry.name);
      return readEntry(storage, key, entry, identities, signal);
    };
  };
  return {
    id: manifest.id,
    kind: manifest.kind,
    point: manifest.point,
    source: manifest.source,
    objectNames: manifest.objects.map((entry) => plainName(entry.name)),
    readObject: read('objects'),
    readMeta: read('meta'),
  };
}

async function readEntry(
  storage: Storage,
  key: string,
  entry: ObjectEntry,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const ciphertext = await storage.get(key, { signal });
  const plaintext = through(
    ciphertext,
    [expectDigest(entry, key), decrypt(identities), decompress()],
    { signal },
  );
  return explained(plaintext, key, () => assertUndamaged(storage, key, entry, signal));
}

/**
 * Says which object a failure is about, where the stream itself cannot know. A damaged header looks
 * as if it were made for another identity; so what fails to open is digested first.
 */
async function* explained(
  source: AsyncIterable<Uint8Array>,
  key: string,
  assertUndamaged: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    if (!isHoldfastError(error) || error.message.includes(key)) throw error;
    await assertUndamaged();
    throw new HoldfastError(error.code, `${key}: ${error.message}`, {
      cause: error,
      hint: error.hint,
      problems: error.problems,
    });
  }
}

async function assertUndamaged(
  storage: Storage,
  key: string,
  entry: ObjectEntry,
  signal: AbortSignal,
): Promise<void> {
  const ciphertext = await storage.get(key, { signal });
  for await (const _ of through(ciphertext, [expectDigest(entry, key)], { signal }));
}
