import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareKeys } from '../../backup-agent/storage/key.ts';
import type { ConformanceTraits, OpenSubject } from './storage.ts';
import { bytes, keysOf, textOf } from './storage-content.ts';

/** Their order by bytes differs from that by UTF-16 units, by folders and by language. */
const orderedKeys = [
  'a!b/x',
  'a/x',
  'a/x.y',
  'a.b/x',
  'a b',
  'a-b',
  'a0',
  'b/c.d',
  'b/c0',
  'Z',
  'é',
  'z',
  '\uffee',
  '😀',
];

const unusualKeys = [
  'quote\'double"',
  'percent%2Fslash',
  'plus+and space ',
  ' leading space',
  '<xml>&amp;</xml>',
  'query?a=b#fragment',
  'back\\slash',
  '.hidden/..dots/...',
  'star*:pipe|',
  'e\u0301 decomposed',
  'é composed',
  '日本語/ключ/😀',
  'x'.repeat(255),
  `${'long/'.repeat(204)}last`,
];

export function listingTests(open: OpenSubject, traits: ConformanceTraits): void {
  test('a prefix need not end at a folder', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    for (const key of ['jobs/a/1', 'jobs/a/2', 'jobs/ab/1', 'jobs/b/1', 'jobsy', 'other'])
      await prepare.put(key, bytes('x'));
    assert.deepEqual(await keysOf(storage, 'jobs/a/'), ['jobs/a/1', 'jobs/a/2']);
    assert.deepEqual(await keysOf(storage, 'jobs/a'), ['jobs/a/1', 'jobs/a/2', 'jobs/ab/1']);
    assert.deepEqual(await keysOf(storage, 'jobs/a/1'), ['jobs/a/1']);
    assert.deepEqual(await keysOf(storage, 'jobsy/'), []);
    assert.deepEqual(await keysOf(storage, 'nothing/here'), []);
  });

  test('a listing carries what stat says', async () => {
    await using subject = await open();
    const { storage, prepare = storage } = subject;
    await prepare.put('a/one', bytes('content'));
    const [listed] = await Array.fromAsync(storage.list('a/'));
    const stat = await storage.stat('a/one');
    assert.equal(listed?.sizeBytes, 7);
    assert.equal(listed.etag, stat?.etag);
  });

  if (traits.byteOrder !== false)
    test('a listing is in the order of the UTF-8 bytes of whole keys', async () => {
      await using subject = await open();
      const { storage, prepare = storage } = subject;
      for (const key of orderedKeys) await prepare.put(key, bytes(key));
      assert.deepEqual(await keysOf(storage, ''), orderedKeys.toSorted(compareKeys));
    });

  if (traits.versions !== false)
    test('versions are listed, the latest of each object marked', async () => {
      await using subject = await open();
      const { storage, prepare = storage } = subject;
      await prepare.put('a/one', bytes('first'));
      await prepare.put('a/one', bytes('second!'));
      await prepare.put('a/two', bytes('x'));
      const versions = await Array.fromAsync(storage.listVersions('a/'));
      const latest = versions.filter((version) => version.latest);
      assert.deepEqual(
        latest.map(({ key, sizeBytes, deleteMarker }) => ({ key, sizeBytes, deleteMarker })),
        [
          { key: 'a/one', sizeBytes: 7, deleteMarker: false },
          { key: 'a/two', sizeBytes: 1, deleteMarker: false },
        ],
      );
    });

  if (traits.unusualKeys !== false)
    test('unusual names are kept exactly', async () => {
      await using subject = await open();
      const { storage, prepare = storage } = subject;
      for (const key of unusualKeys) await prepare.put(key, bytes(key));
      for (const key of unusualKeys) {
        assert.equal(await textOf(storage, key), key);
        assert.equal((await storage.stat(key))?.sizeBytes, Buffer.byteLength(key));
      }
      assert.deepEqual(await keysOf(storage, ''), unusualKeys.toSorted(compareKeys));
    });

  if (traits.longListing !== false)
    test('a listing of more than a thousand objects is complete and in order', async () => {
      await using subject = await open();
      const { storage, prepare = storage } = subject;
      const keys = Array.from({ length: 1_003 }, (_, index) => `many/${(index * 7) % 1_003}`);
      for (let from = 0; from < keys.length; from += 50)
        await Promise.all(keys.slice(from, from + 50).map((key) => prepare.put(key, bytes('x'))));
      assert.deepEqual(await keysOf(storage, 'many/'), keys.toSorted(compareKeys));
      assert.equal((await Array.fromAsync(storage.listVersions('many/'))).length, 1_003);
    });
}
