import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Body, PutOptions, Storage } from '../../backup-agent/storage/storage.ts';
import type { ConformanceTraits, OpenSubject } from './storage.ts';
import { bytes, failing, keysOf, patterned, silent, streamed, textOf } from './storage-content.ts';

export function failedPutTests(open: OpenSubject, traits: ConformanceTraits): void {
  const largeBytes = traits.largeBytes ?? 20_000_003;

  /** Whatever a failed put was to create or replace is as before, and nothing unfinished is left. */
  async function leavesNothing(
    storage: Storage,
    put: () => Body,
    options: PutOptions,
    error: Error | { code: string },
  ): Promise<void> {
    await storage.put('kept', bytes('as before'));
    await assert.rejects(storage.put('kept', put(), options), error);
    await assert.rejects(storage.put('new', put(), options), error);
    assert.equal(await textOf(storage, 'kept'), 'as before');
    assert.deepEqual(await keysOf(storage, ''), ['kept']);
    if (traits.listsUnfinished !== false)
      assert.equal(await storage.removeUnfinished(new Date(Date.now() + 86_400_000)), 0);
  }

  const mismatch = { code: 'storage-size-mismatch' };

  test('a body shorter than announced is refused', async () => {
    await using subject = await open();
    const { storage } = subject;
    await leavesNothing(storage, () => bytes('12345'), { sizeBytes: 6 }, mismatch);
    await leavesNothing(storage, () => streamed([bytes('12345')]), { sizeBytes: 6 }, mismatch);
    await leavesNothing(storage, () => bytes(''), { sizeBytes: 1 }, mismatch);
  });

  test('a body longer than announced is refused', async () => {
    await using subject = await open();
    const { storage } = subject;
    await leavesNothing(storage, () => bytes('12345'), { sizeBytes: 4 }, mismatch);
    await leavesNothing(storage, () => streamed([bytes('12345')]), { sizeBytes: 0 }, mismatch);
  });

  test('a large body of the wrong size is refused', async () => {
    await using subject = await open();
    const { storage } = subject;
    const body = (): Body => streamed(patterned(largeBytes));
    await leavesNothing(storage, body, { sizeBytes: largeBytes + 1 }, mismatch);
    await leavesNothing(storage, body, { sizeBytes: largeBytes - 1 }, mismatch);
  });

  test('a body that fails makes the put fail with its error', async () => {
    await using subject = await open();
    const { storage } = subject;
    const error = new Error('the source broke');
    await leavesNothing(storage, () => failing(error), {}, error);
    await leavesNothing(storage, () => failing(error, largeBytes), {}, error);
  });

  test('an abort ends a put at once, even while its body is silent', async () => {
    await using subject = await open();
    const { storage } = subject;
    const reason = new Error('stop here');
    for (const sizeBytes of [100, largeBytes]) {
      const abort = new AbortController();
      const body = silent(() => abort.abort(reason), sizeBytes);
      await assert.rejects(storage.put('new', body, { signal: abort.signal }), reason);
      assert.deepEqual(await keysOf(storage, ''), []);
    }
    if (traits.listsUnfinished !== false)
      assert.equal(await storage.removeUnfinished(new Date(Date.now() + 86_400_000)), 0);
  });
}
