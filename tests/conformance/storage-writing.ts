import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ConformanceTraits, OpenSubject } from './storage.ts';
import { bytes, digestOf, keysOf, patterned, streamed, textOf } from './storage-content.ts';

export function writingTests(open: OpenSubject, traits: ConformanceTraits): void {
  test('a put replaces the whole object and changes its etag', async () => {
    await using subject = await open();
    const { storage } = subject;
    const first = await storage.put('a', bytes('a longer content'));
    const second = await storage.put('a', bytes('short'));
    assert.equal(second.sizeBytes, 5);
    assert.notEqual(second.etag, first.etag);
    assert.equal(await textOf(storage, 'a'), 'short');
  });

  test('a body in many small chunks, some empty, is one object', async () => {
    await using subject = await open();
    const { storage } = subject;
    const chunks = ['', 'many', '', 'small', 'chunks', ''].map((text) => bytes(text));
    const put = await storage.put('a', streamed(chunks), { sizeBytes: 15 });
    assert.equal(put.sizeBytes, 15);
    assert.equal(await textOf(storage, 'a'), 'manysmallchunks');
    assert.equal((await storage.put('b', streamed([]))).sizeBytes, 0);
    assert.equal(await textOf(storage, 'b'), '');
  });

  test('large bodies, announced or not, arrive complete', async () => {
    await using subject = await open();
    const { storage } = subject;
    const sizeBytes = traits.largeBytes ?? 20_000_003;
    const hash = createHash('sha256');
    for (const chunk of patterned(sizeBytes)) hash.update(chunk);
    const expected = hash.digest('hex');
    const announced = await storage.put('announced', streamed(patterned(sizeBytes)), { sizeBytes });
    const unannounced = await storage.put('unannounced', streamed(patterned(sizeBytes)));
    assert.equal(announced.sizeBytes, sizeBytes);
    assert.equal(unannounced.sizeBytes, sizeBytes);
    assert.equal(await digestOf(storage, 'announced'), expected);
    assert.equal(await digestOf(storage, 'unannounced'), expected);
    const tail = { start: sizeBytes - 5, end: sizeBytes };
    assert.equal((await textOf(storage, 'announced', { range: tail })).length > 0, true);
  });

  test('a removed object is gone, and to remove what is missing is no error', async () => {
    await using subject = await open();
    const { storage } = subject;
    await storage.put('a/b/c', bytes('x'));
    await storage.put('a/d', bytes('x'));
    await storage.remove('a/b/c');
    await storage.remove('a/b/c');
    await storage.remove('never/was');
    assert.deepEqual(await keysOf(storage, ''), ['a/d']);
    assert.equal(await storage.stat('a/b/c'), undefined);
    await storage.put('a/b/c', bytes('again'));
    assert.equal(await textOf(storage, 'a/b/c'), 'again');
  });

  if (traits.conditions === false) return;

  test('ifAbsent creates, and refuses to replace', async () => {
    await using subject = await open();
    const { storage } = subject;
    await storage.put('a', bytes('first'), { ifAbsent: true });
    await assert.rejects(storage.put('a', bytes('second'), { ifAbsent: true }), {
      code: 'storage-object-exists',
    });
    assert.equal(await textOf(storage, 'a'), 'first');
  });

  test('ifAbsent refuses a large body too', async () => {
    await using subject = await open();
    const { storage } = subject;
    const sizeBytes = traits.largeBytes ?? 20_000_003;
    await storage.put('a', bytes('first'));
    await assert.rejects(storage.put('a', streamed(patterned(sizeBytes)), { ifAbsent: true }), {
      code: 'storage-object-exists',
    });
    assert.equal(await textOf(storage, 'a'), 'first');
  });

  test('ifMatch replaces what has not changed, and nothing else', async () => {
    await using subject = await open();
    const { storage } = subject;
    const first = await storage.put('a', bytes('first'));
    const second = await storage.put('a', bytes('second'), { ifMatch: first.etag });
    await assert.rejects(storage.put('a', bytes('third'), { ifMatch: first.etag }), {
      code: 'storage-changed',
    });
    await assert.rejects(storage.put('missing', bytes('x'), { ifMatch: first.etag }), {
      code: 'storage-changed',
    });
    assert.equal((await storage.stat('a'))?.etag, second.etag);
    assert.equal(await textOf(storage, 'a'), 'second');
    assert.equal(await storage.stat('missing'), undefined);
  });
}
