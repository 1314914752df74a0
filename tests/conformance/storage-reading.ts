import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Storage } from '../../backup-agent/storage/storage.ts';
import type { OpenSubject } from './storage.ts';
import { bytes, textOf } from './storage-content.ts';

const hostileKeys = [
  '',
  '/etc/passwd',
  '../outside',
  'a/../../outside',
  'a/./b',
  'a//b',
  'a/',
  '..',
  'nul\0byte',
  'line\nbreak',
  'lone\ud800surrogate',
  'x'.repeat(256),
  'x/'.repeat(512) + 'xx',
  '.holdfast-unfinished/part',
];

export function readingTests(open: OpenSubject): void {
  test('an object reads back as it was written, an empty one too', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('a/one', bytes('content'));
    await prepare.put('a/empty', bytes(''));
    assert.equal(await textOf(storage, 'a/one'), 'content');
    assert.equal(await textOf(storage, 'a/empty'), '');
  });

  test('stat tells size and time of an object without reading it', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    const put = await prepare.put('a/one', bytes('content'));
    const stat = await storage.stat('a/one');
    assert.equal(stat?.key, 'a/one');
    assert.equal(stat.sizeBytes, 7);
    assert.equal(stat.etag, put.etag);
    assert.ok(Math.abs(stat.modifiedAt.getTime() - (await storage.now()).getTime()) < 60_000);
  });

  test('what is missing has no stat, and to get it is storage-object-missing', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('a/b', bytes('x'));
    for (const key of ['missing', 'a', 'a/b/c', 'a/bb']) {
      assert.equal(await storage.stat(key), undefined);
      await assert.rejects(textOf(storage, key), { code: 'storage-object-missing' });
    }
  });

  test('a range gives exactly its bytes, and nothing beyond the end', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('digits', bytes('0123456789'));
    const ranges: [number, number | undefined, string][] = [
      [0, 1, '0'],
      [3, 7, '3456'],
      [7, undefined, '789'],
      [8, 50, '89'],
      [4, 4, ''],
      [10, undefined, ''],
      [50, 60, ''],
    ];
    for (const [start, end, expected] of ranges) {
      const range = end === undefined ? { start } : { start, end };
      assert.equal(await textOf(storage, 'digits', { range }), expected, `${start}-${end}`);
    }
  });

  test('a range of a missing object is missing, an empty range too', async () => {
    await using subject = await open();
    for (const range of [{ start: 5 }, { start: 5, end: 5 }])
      await assert.rejects(textOf(subject.storage, 'missing', { range }), {
        code: 'storage-object-missing',
      });
  });

  test('readers that leave early do not use up connections', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('big', Buffer.alloc(3_000_000, 7));
    for (let reader = 0; reader < 60; reader += 1)
      for await (const chunk of await storage.get('big')) {
        assert.ok(chunk.length > 0);
        break;
      }
    assert.equal((await storage.stat('big'))?.sizeBytes, 3_000_000);
  });

  test('a hostile key is refused by every call', async () => {
    await using subject = await open();
    const { storage } = subject;
    const refused = { code: 'storage-key-invalid' };
    for (const key of hostileKeys) {
      await assert.rejects(storage.get(key), refused, JSON.stringify(key));
      await assert.rejects(storage.stat(key), refused);
      await assert.rejects(storage.put(key, bytes('x')), refused);
      await assert.rejects(storage.remove(key), refused);
      await assert.rejects(storage.setLegalHold(key, true), refused);
    }
    for (const prefix of ['../', '/', 'a/../../'])
      await assert.rejects(Array.fromAsync(storage.list(prefix)), refused);
  });

  test('an aborted signal rejects every call with its reason', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('a', bytes('x'));
    const reason = new Error('stop here');
    const signal = AbortSignal.abort(reason);
    for (const call of abortableCalls(storage, signal)) await assert.rejects(call, reason);
  });
}

function* abortableCalls(storage: Storage, signal: AbortSignal): Generator<() => Promise<unknown>> {
  yield () => storage.get('a', { signal });
  yield () => storage.stat('a', { signal });
  yield () => Array.fromAsync(storage.list('', { signal }));
  yield () => storage.put('b', bytes('x'), { signal });
  yield () => storage.remove('a', { signal });
}
