import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import type { ObjectEntry } from '../../../backup-agent/sources/s3/object-entry.ts';
import { restoreToBucket } from '../../../backup-agent/sources/s3/restore-to-bucket.ts';
import { restoreObjectsToDirectory } from '../../../backup-agent/sources/s3/restore-to-directory.ts';
import { createS3Source } from '../../../backup-agent/sources/s3/source.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import type { BackupKind } from '../../../contracts/manifest.ts';
import { startS3Server } from '../../fixtures/s3/server.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const signal = new AbortController().signal;
const common = { signal, progress: silentProgress };
const credentials = { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' };

/** An endpoint, a scratch directory, and buckets on it. */
async function setUp() {
  const server = await startS3Server();
  const directory = await temporaryDirectory();
  const optionsOf = (bucket: string, prefix = '') => ({
    bucket,
    prefix,
    endpoint: server.endpoint,
    pathStyle: true,
    credentials,
  });
  return {
    server,
    directory: directory.path,
    optionsOf,
    bucket: (name: string, prefix = '') => new Bucket(optionsOf(name, prefix)),
    async take(bucket: string, kind: BackupKind, chain: BackupReader[] = [], prefix = '') {
      const source = createS3Source({ ...optionsOf(bucket, prefix), segmentBytes: 200_000 });
      const [taken] = await takeBackups(source, kind, { chain });
      assert.ok(taken);
      return taken;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function put(bucket: Bucket, key: string, content: string | Buffer, more: object = {}) {
  const bytes = Buffer.from(content);
  const entry: ObjectEntry = {
    type: 'object',
    path: Buffer.from(key),
    sizeBytes: bytes.length,
    etag: '',
    modifiedAt: '',
    ...more,
  };
  await bucket.put(entry, () => Readable.from([bytes]), { replace: true, signal });
}

/** What restored objects must have in common with theirs. */
async function describe(bucket: Bucket) {
  const found = [];
  for await (const { path } of bucket.list(signal)) {
    const object = await bucket.fetch(path, signal);
    assert.ok(object);
    const content = Buffer.concat(await Array.fromAsync(object.body));
    const { contentType, metadata } = object.entry;
    found.push({
      key: path.toString(),
      contentType,
      metadata,
      content: content.toString('latin1'),
    });
  }
  return found;
}

for (const name of ['plain', 'versioned'])
  test(`a ${name} bucket, backed up fully and incrementally, restores to a bucket`, async () => {
    await using place = await setUp();
    using source = place.bucket(name, 'crm/');
    using target = place.bucket(name, 'restored/');
    const attributes = { contentType: 'image/png', metadata: { owner: 'sales' } };
    await put(source, 'a/picture.png', Buffer.alloc(5000, 7), attributes);
    await put(source, 'a.txt', 'sorts before a/', { contentType: 'text/plain' });
    await put(source, 'empty', '');
    await put(source, 'gone', 'to be deleted');
    await put(source, 'with space + plus/ü\u{1f4be}&=?#', 'odd key');
    await put(source, 'large', Buffer.alloc(3_000_000, 'large'));
    const full = await place.take(name, 'full', [], 'crm/');
    assert.equal(full.items, 6);
    const atFull = await describe(source);
    await put(source, 'copy of large', Buffer.alloc(3_000_000, 'large'));
    await put(source, 'copy of picture', Buffer.alloc(5000, 7));
    await put(source, 'a.txt', 'changed now');
    const next = await place.take(name, 'incremental', [full.reader], 'crm/');
    const stored = Buffer.concat([...next.writer.objects.values()]).toString('latin1');
    assert.ok(stored.includes('changed now'));
    assert.ok(!stored.includes('\x07'.repeat(5000)), 'a copied small object is not stored again');
    const chain = [full.reader, next.reader];
    const scratchDirectory = place.directory;
    const report = await restoreToBucket({ ...common, chain, bucket: target, scratchDirectory });
    assert.deepEqual(report.refused, []);
    assert.deepEqual(await describe(target), await describe(source));
    await assert.rejects(restoreToBucket({ ...common, chain, bucket: target, scratchDirectory }), {
      code: 'target-not-empty',
    });
    using older = place.bucket(name, 'older/');
    await restoreToBucket({ ...common, chain: [full.reader], bucket: older, scratchDirectory });
    assert.deepEqual(await describe(older), atFull);
    assert.deepEqual(readdirSync(place.directory), []);
  });

test('an unchanged bucket is not fetched again, and an interrupted restore goes on', async () => {
  await using place = await setUp();
  using source = place.bucket('versioned');
  using target = place.bucket('plain');
  for (let number = 0; number < 30; number++) await put(source, `k${number}`, `content ${number}`);
  const full = await place.take('versioned', 'full');
  const fetches = () => place.server.requests.filter((r) => r.operation === 'GetObject').length;
  const before = fetches();
  const next = await place.take('versioned', 'incremental', [full.reader]);
  assert.equal(fetches(), before);
  assert.equal(next.writer.objects.size, 0);
  await put(target, 'k3', 'what is there');
  const options = { ...common, chain: [full.reader], bucket: target };
  const scratchDirectory = place.directory;
  const report = await restoreToBucket({ ...options, scratchDirectory, into: 'skip' });
  assert.equal(report.restored, 29);
  assert.equal(report.skipped, 1);
  assert.equal((await describe(target)).find(({ key }) => key === 'k3')?.content, 'what is there');
  await restoreToBucket({ ...options, scratchDirectory, into: 'overwrite' });
  assert.deepEqual(await describe(target), await describe(source));
});

test('a bucket restores to a directory; keys that are no paths are refused', async () => {
  await using place = await setUp();
  using source = place.bucket('plain');
  const good = ['a-b', 'a/b/c', 'a/d', 'a0', 'z'];
  for (const key of [...good, 'folder/', 'x', 'x/y', 'p//q', '/absolute'])
    await put(source, key, key === 'folder/' ? '' : key);
  const full = await place.take('plain', 'full');
  const target = join(place.directory, 'restored');
  mkdirSync(target);
  const report = await restoreObjectsToDirectory({ ...common, chain: [full.reader], target });
  assert.deepEqual(report.refused.map(({ where }) => where).sort(), ['/absolute', 'p//q', 'x']);
  for (const key of [...good, 'x/y']) assert.equal(readFileSync(join(target, key), 'utf8'), key);
  assert.deepEqual(readdirSync(join(target, 'folder')), []);
});

test('a bucket that is missing or suddenly empty fails', async () => {
  await using place = await setUp();
  using source = place.bucket('plain');
  await put(source, 'only', 'only');
  const full = await place.take('plain', 'full');
  await assert.rejects(place.take('missing', 'full'), { code: 'source-missing' });
  const elsewhere = place.take('plain', 'incremental', [full.reader], 'nothing/');
  await assert.rejects(elsewhere, { code: 'source-emptied' });
});

test('answers that break off are taken up where they broke, and refusals that pass are outwaited', async () => {
  await using place = await setUp();
  using source = place.bucket('plain');
  const content = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => i % 251));
  await put(source, 'large', content);
  await put(source, 'small', 'small and whole');
  const { faults } = place.server;
  for (const action of [700_000, 10])
    faults.arm({
      operation: 'GetObject',
      key: 'large',
      action: { kind: 'truncate', afterBytes: action },
    });
  faults.arm({ operation: 'GetObject', key: 'small', action: { kind: 'truncate', afterBytes: 5 } });
  faults.arm({
    operation: 'ListObjectVersions',
    action: { kind: 'status', status: 503, code: 'SlowDown' },
  });
  const full = await place.take('plain', 'full');
  assert.deepEqual(full.problems, []);
  const target = join(place.directory, 'restored');
  await restoreObjectsToDirectory({ ...common, chain: [full.reader], target });
  assert.ok(readFileSync(join(target, 'large')).equals(content));
  assert.equal(readFileSync(join(target, 'small'), 'utf8'), 'small and whole');
});

test('content that is not what its digest says never reaches the bucket', async () => {
  await using place = await setUp();
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  await put(source, 'damaged', 'damaged content');
  await put(source, 'sound', 'sound content');
  const full = await place.take('plain', 'full', [], 'from/');
  for (const bytes of full.writer.objects.values())
    bytes.write('DAMAGED', bytes.indexOf('damaged content'));
  const scratchDirectory = place.directory;
  const report = await restoreToBucket({
    ...common,
    chain: [full.reader],
    bucket: target,
    scratchDirectory,
  });
  assert.deepEqual(report.refused, [
    { where: 'damaged', what: 'has content that does not match its digest' },
  ]);
  assert.deepEqual(
    (await describe(target)).map(({ key }) => key),
    ['sound'],
  );
});
