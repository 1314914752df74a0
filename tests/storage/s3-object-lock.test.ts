import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bytes, patterned, streamed, textOf } from '../conformance/storage-content.ts';
import { s3Subject } from './subjects.ts';

const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

suite('Object Lock and the roles of a vault', () => {
  for (const mode of ['governance', 'compliance'] as const)
    test(`a version locked in ${mode} mode cannot be removed, and removable versions can`, async () => {
      await using subject = await s3Subject('locked', { objectLock: mode });
      const { storage, open } = subject;
      const curator = open({ role: 'curator' });
      const locked = await storage.put('jobs/a', bytes('kept'), { lockUntil: inAnHour() });
      const free = await storage.put('jobs/b', bytes('free'));
      assert.ok(locked.version !== undefined && free.version !== undefined);
      await assert.rejects(curator.remove('jobs/a', { version: locked.version }), {
        code: 'storage-locked',
      });
      await curator.remove('jobs/b', { version: free.version });
      assert.equal(await textOf(storage, 'jobs/a'), 'kept');
      assert.equal(await storage.stat('jobs/b'), undefined);
    });

  test('a lock reaches large uploads too, and ends at its moment', async () => {
    let skewMs = 0;
    const clock = (): Date => new Date(Date.now() + skewMs);
    await using subject = await s3Subject('locked', { objectLock: 'compliance' }, { clock });
    const { storage } = subject;
    const body = streamed(patterned(6_000_001));
    const { version } = await storage.put('jobs/a', body, { lockUntil: inAnHour() });
    assert.ok(version !== undefined);
    await assert.rejects(storage.remove('jobs/a', { version }), { code: 'storage-locked' });
    skewMs = 3_700_000;
    await storage.now();
    await storage.remove('jobs/a', { version });
    assert.equal(await storage.stat('jobs/a'), undefined);
  });

  test('without a lock mode, or with a moment that has passed, nothing is locked', async () => {
    await using subject = await s3Subject('locked');
    const { storage, open } = subject;
    const past = { lockUntil: new Date(Date.now() - 1000) };
    await storage.put('a', bytes('x'), { lockUntil: inAnHour() });
    await open({ objectLock: 'governance' }).put('b', bytes('x'), past);
    for await (const { lockedUntil } of storage.listVersions('', { withLocks: true }))
      assert.equal(lockedUntil, undefined);
  });

  test('versions tell their locks and holds, delete markers show', async () => {
    await using subject = await s3Subject('locked', { objectLock: 'governance' });
    const { storage } = subject;
    const lockUntil = inAnHour();
    const first = await storage.put('a', bytes('one'), { lockUntil });
    await storage.setLegalHold('a', true);
    await storage.put('a', bytes('second'));
    await storage.remove('a');
    const versions = await Array.fromAsync(storage.listVersions('', { withLocks: true }));
    assert.deepEqual(
      versions.map(({ sizeBytes, latest, deleteMarker, lockedUntil, legalHold }) => ({
        sizeBytes,
        latest,
        deleteMarker,
        lockedUntil,
        legalHold,
      })),
      [
        {
          sizeBytes: 0,
          latest: true,
          deleteMarker: true,
          lockedUntil: undefined,
          legalHold: undefined,
        },
        {
          sizeBytes: 6,
          latest: false,
          deleteMarker: false,
          lockedUntil: undefined,
          legalHold: undefined,
        },
        {
          sizeBytes: 3,
          latest: false,
          deleteMarker: false,
          lockedUntil: lockUntil,
          legalHold: true,
        },
      ],
    );
    assert.ok(first.version !== undefined);
    assert.equal(await textOf(storage, 'a', { version: first.version }), 'one');
    assert.equal(await storage.stat('a'), undefined);
  });

  test('removing a delete marker’s version brings the object back', async () => {
    await using subject = await s3Subject('versioned');
    const { storage } = subject;
    await storage.put('a', bytes('back again'));
    await storage.remove('a');
    const [marker] = await Array.fromAsync(storage.listVersions(''));
    assert.ok(marker?.deleteMarker === true && marker.version !== undefined);
    await storage.remove('a', { version: marker.version });
    assert.equal(await textOf(storage, 'a'), 'back again');
  });

  test('a legal hold keeps a version until it is lifted', async () => {
    await using subject = await s3Subject('locked');
    const { storage } = subject;
    const { version } = await storage.put('a', bytes('x'));
    assert.ok(version !== undefined);
    await storage.setLegalHold('a', true, { version });
    await assert.rejects(storage.remove('a', { version }), { code: 'storage-locked' });
    await storage.setLegalHold('a', false, { version });
    await storage.remove('a', { version });
    assert.equal(await storage.stat('a'), undefined);
  });

  test('a legal hold where the bucket has no locks does nothing', async () => {
    await using subject = await s3Subject('plain');
    await subject.storage.put('a', bytes('x'));
    await subject.storage.setLegalHold('a', true);
    await subject.storage.remove('a');
    assert.equal(await subject.storage.stat('a'), undefined);
  });

  test('a writer without delete rights writes, replaces its lease and cleans up after itself', async () => {
    await using subject = await s3Subject('locked', { objectLock: 'compliance' });
    const { open, server } = subject;
    const writer = open({ role: 'writer' });
    const lockUntil = inAnHour();
    const creation = { ifAbsent: true, lockUntil };
    await writer.put('jobs/a/small', bytes('x'), creation);
    await writer.put('jobs/a/large', streamed(patterned(6_000_001)), creation);
    const lease = await writer.put('leases/a', bytes('one'), { ifAbsent: true });
    await writer.put('leases/a', bytes('two'), { ifMatch: lease.etag });
    const cut = streamed(patterned(6_000_001));
    await assert.rejects(writer.put('jobs/a/cut', cut, { ...creation, sizeBytes: 7_000_000 }), {
      code: 'storage-size-mismatch',
    });
    assert.equal(server.bucket('locked').uploads.size, 0);
    assert.equal(
      server.requests.some(({ operation }) => operation.startsWith('Delete')),
      false,
    );
  });

  test('a writer cannot overwrite, delete or put without a condition under jobs/', async () => {
    await using subject = await s3Subject('locked', { objectLock: 'governance' });
    const { open } = subject;
    const writer = open({ role: 'writer' });
    const { version } = await writer.put('jobs/a', bytes('x'), {
      ifAbsent: true,
      lockUntil: inAnHour(),
    });
    assert.ok(version !== undefined);
    const denied = { code: 'storage-denied' };
    await assert.rejects(writer.put('jobs/a', bytes('changed')), denied);
    await assert.rejects(writer.put('jobs/new', bytes('x')), denied);
    await assert.rejects(writer.put('jobs/big', streamed(patterned(6_000_001))), denied);
    await assert.rejects(writer.remove('jobs/a'), denied);
    await assert.rejects(writer.remove('jobs/a', { version }), { code: 'storage-locked' });
    await assert.rejects(writer.setLegalHold('jobs/a', true), denied);
    await assert.rejects(open({ role: 'reader' }).put('x', bytes('x'), { ifAbsent: true }), denied);
    assert.equal(await textOf(writer, 'jobs/a'), 'x');
  });
});
