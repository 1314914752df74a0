import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError, type HoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import type { StoredObject } from '../../backup-agent/storage/storage.ts';
import { rounds } from '../support/scale.ts';
import type { OpenSubject } from './storage.ts';
import { bytes, textOf } from './storage-content.ts';

const writers = ['one', 'two', 'three', 'four', 'five', 'six'];

export function concurrencyTests(open: OpenSubject): void {
  test('of concurrent creators exactly one wins, and the object is that one’s', async () => {
    await using subject = await open();
    const { storage } = subject;
    for (let round = 0; round < rounds(10, 200); round += 1) {
      const key = `commits/${round}`;
      const winner = await soleWinner(
        (writer) => storage.put(key, bytes(writer), { ifAbsent: true }),
        'storage-object-exists',
      );
      assert.equal(await textOf(storage, key), winner);
    }
  });

  test('of concurrent replacers exactly one wins, and the object is that one’s', async () => {
    await using subject = await open();
    const { storage } = subject;
    let { etag } = await storage.put('lease', bytes('free'));
    // An etag tells contents apart, not writes: a content that comes again has its old etag again.
    for (let round = 0; round < rounds(10, 200); round += 1) {
      const winner = await soleWinner(
        (writer) => storage.put('lease', bytes(`${writer} ${round}`), { ifMatch: etag }),
        'storage-changed',
      );
      assert.equal(await textOf(storage, 'lease'), `${winner} ${round}`);
      etag = (await storage.stat('lease'))?.etag ?? '';
    }
  });

  test('readers during replacements see one whole content or the other', async () => {
    await using subject = await open();
    const { storage } = subject;
    const contents = ['a'.repeat(100_000), 'b'.repeat(200_000)];
    await storage.put('shared', bytes(contents[0] ?? ''));
    const writing = (async () => {
      for (let turn = 1; turn < 20; turn += 1)
        await storage.put('shared', bytes(contents[turn % 2] ?? ''));
    })();
    for (let read = 0; read < 20; read += 1)
      assert.ok(contents.includes(await textOf(storage, 'shared')));
    await writing;
  });
}

async function soleWinner(
  put: (writer: string) => Promise<StoredObject>,
  losersCode: HoldfastError['code'],
): Promise<string> {
  const results = await Promise.allSettled(writers.map((writer) => put(writer)));
  const won = writers.filter((_, index) => results[index]?.status === 'fulfilled');
  for (const result of results)
    if (result.status === 'rejected' && !isHoldfastError(result.reason, losersCode))
      throw result.reason;
  assert.equal(won.length, 1);
  return won[0] ?? '';
}
