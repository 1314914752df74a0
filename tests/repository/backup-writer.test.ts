import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { objectKey } from '../../backup-agent/repository/layout.ts';
import { RepositoryBackupWriter } from '../../backup-agent/repository/backup-writer.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** One buffer for all chunks, of sizes around those that are compressed, encrypted and stored at once. */
async function* reusing(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(3 * 1024 * 1024);
  for (const [number, size] of sizes.entries()) {
    memory.fill(number + 1);
    yield memory.subarray(0, size);
    memory.fill(0xee);
  }
}

test('a writer holds no chunk once it asks for the next: a source may use its memory again', async () => {
  await using directory = await temporaryDirectory();
  const { identity, recipient } = await generateIdentity();
  const storage = openLocalStorage(directory.path);
  const signal = new AbortController().signal;
  const id = '20261122T210500Z-7f3a91';
  const recipients = { objects: [recipient], meta: [recipient] };
  const writer = new RepositoryBackupWriter(
    { storage, job: 'crm', id, recipients, signal },
    new Date(),
  );
  const mebibyte = 1024 * 1024;
  const sizes = [mebibyte, mebibyte, 1, mebibyte - 1, 3 * mebibyte, 70_000, mebibyte, mebibyte];
  const written = await writer.writeObject('s000001.tar', reusing(sizes));
  const stored = await storage.get(objectKey('crm', id, 'objects', `${written.name}.zst.age`));
  const plain = await buffer(through(stored, [decrypt([identity]), decompress()]));
  const expected = Buffer.concat(sizes.map((size, number) => Buffer.alloc(size, number + 1)));
  assert.equal(Buffer.compare(plain, expected), 0);
});

test('the configured level decides how small objects become', async () => {
  await using directory = await temporaryDirectory();
  const { recipient } = await generateIdentity();
  const storage = openLocalStorage(directory.path);
  const signal = new AbortController().signal;
  const recipients = { objects: [recipient], meta: [recipient] };
  const prose = Buffer.from(await readFile('docs/format.md'))
    .toString()
    .repeat(3);
  const sizes = [];
  for (const [number, level] of [1, 3, 19].entries()) {
    const id = `20261122T21050${number}Z-7f3a91`;
    const options = {
      storage,
      job: 'crm',
      id,
      recipients,
      signal,
      compression: { level, cores: 1 },
    };
    const writer = new RepositoryBackupWriter(options, new Date());
    await writer.writeObject('prose', [Buffer.from(prose)]);
    sizes.push(writer.written.storedBytes);
  }
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(sizes).size, 3);
});
