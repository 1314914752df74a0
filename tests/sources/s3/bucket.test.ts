import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import { restoreObjectsToDirectory } from '../../../backup-agent/sources/s3/restore-to-directory.ts';
import { common, describe, put, setUp } from './buckets.ts';

for (const name of ['plain', 'versioned'])
  test(`a ${name} bucket, backed up fully and incrementally, restores to a bucket`, async () => {
    await using place = await setUp();
    using source = place.bucket(name, 'crm/');
    using target = place.bucket(name, 'restored/');
    const attributes = {
      contentType: 'image/png',
      headers: {
        'cache-control': 'max-age=60',
        'content-disposition': 'attachment; filename="ü.png"',
        'content-encoding': 'gzip',
        'content-language': 'de',
      },
      metadata: { owner: 'sales' },
      tags: { kind: 'a picture', for: 'sales & support' },
    };
    await put(source, 'a/picture.png', Buffer.alloc(5000, 7), attributes);
    await put(source, 'a.txt', 'sorts before a/', { contentType: 'text/plain' });
    await put(source, 'empty', '');
    await put(source, 'gone', 'to be deleted');
    await put(source, 'with space + plus/ü\u{1f4be}&=?#', 'odd key');
    await put(source, 'large', Buffer.alloc(3_000_000, 'large'));
    const full = await place.take(name, 'full', [], 'crm/');
    assert.equal(full.items, 6);
    const atFull = await describe(source);
    const { key: _, content: __, ...kept } = atFull[1] ?? assert.fail();
    assert.deepEqual(kept, attributes);
    await put(source, 'copy of large', Buffer.alloc(3_000_000, 'large'));
    await put(source, 'copy of picture', Buffer.alloc(5000, 7));
    await put(source, 'a.txt', 'changed now');
    const next = await place.take(name, 'incremental', [full.reader], 'crm/');
    const stored = Buffer.concat([...next.writer.objects.values()]).toString('latin1');
    assert.ok(stored.includes('changed now'));
    assert.ok(!stored.includes('\x07'.repeat(5000)), 'a copied small object is not stored again');
    const chain = [full.reader, next.reader];
    const report = await place.restore(chain, target);
    assert.deepEqual(report.refused, []);
    assert.deepEqual(await describe(target), await describe(source));
    await assert.rejects(place.restore(chain, target), { code: 'target-not-empty' });
    using older = place.bucket(name, 'older/');
    await place.restore([full.reader], older);
    assert.deepEqual(await describe(older), atFull);
    assert.deepEqual(readdirSync(place.scratchDirectory), []);
  });

test('an object that may not be read is a problem, and stays as the last backup has it', async () => {
  await using place = await setUp();
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  for (const key of ['denied', 'sound']) await put(source, key, `${key} before`);
  const full = await place.take('plain', 'full', [], 'from/');
  for (const key of ['denied', 'new and denied', 'sound']) await put(source, key, `${key} after`);
  const action = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
  place.server.faults.arm({ operation: 'GetObject', key: 'denied', times: 2, action });
  const next = await place.take('plain', 'incremental', [full.reader], 'from/');
  assert.deepEqual(next.problems, [
    { where: 'denied', what: 'cannot be read: AccessDenied; it stays as the last backup has it' },
    { where: 'new and denied', what: 'cannot be read: AccessDenied' },
  ]);
  await place.restore([full.reader, next.reader], target);
  assert.deepEqual(
    (await describe(target)).map(({ key, content }) => [key, content]),
    [
      ['denied', 'denied before'],
      ['sound', 'sound after'],
    ],
  );
});

test('objects whose tags may not be read keep no connection from the others', async () => {
  await using place = await setUp();
  using source = place.bucket('plain');
  // More than the client has connections.
  for (let number = 0; number < 60; number++)
    await put(source, `tagged ${number}`, 'x'.repeat(200_000), { tags: { kind: 'tagged' } });
  await put(source, 'without', 'without');
  const action = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
  place.server.faults.arm({ operation: 'GetObjectTagging', times: 60, action });
  const full = await place.take('plain', 'full');
  assert.equal(full.problems.length, 60);
  assert.deepEqual(full.problems[0], {
    where: 'tagged 0',
    what: 'has tags that cannot be read: AccessDenied',
  });
  using target = place.bucket('versioned');
  assert.equal((await place.restore([full.reader], target)).restored, 1);
});

test('wrong credentials fail a backup, and are no problem of an object', async () => {
  await using place = await setUp();
  using source = place.bucket('plain');
  await put(source, 'one', 'one');
  const action = { kind: 'status', status: 403, code: 'InvalidAccessKeyId' } as const;
  place.server.faults.arm({ operation: 'GetObject', times: 9, action });
  await assert.rejects(place.take('plain', 'full'), { code: 'source-denied' });
});

test('a path names an object, and those that lie in it, no others whose keys begin alike', async () => {
  await using place = await setUp();
  using source = place.bucket('plain', 'from/');
  for (const key of ['a', 'a/1', 'a/1/2', 'a1', 'a/10']) await put(source, key, key);
  const full = await place.take('plain', 'full', [], 'from/');
  for (const [path, keys] of [
    ['a', ['a', 'a/1', 'a/1/2', 'a/10']],
    ['a/', ['a/1', 'a/1/2', 'a/10']],
    ['a/1', ['a/1', 'a/1/2']],
  ] as const) {
    using target = place.bucket('plain', `to ${path} /`);
    await place.restore([full.reader], target, undefined, path);
    assert.deepEqual(
      (await describe(target)).map(({ key }) => key),
      keys,
    );
  }
  using target = place.bucket('plain', 'none/');
  const none = place.restore([full.reader], target, undefined, 'a/1/');
  assert.deepEqual((await none).restored, 1);
  await assert.rejects(place.restore([full.reader], target, 'skip', 'b'), { code: 'path-unknown' });
});

test('a store that leaves keys as they are, though asked to encode them, is taken by its word', async () => {
  const listing = `<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>per%20cent%</Key>
    <VersionId>null</VersionId><IsLatest>true</IsLatest><LastModified>2026-11-28T12:00:00.000Z</LastModified>
    <ETag>"1"</ETag><Size>1</Size></Version></ListVersionsResult>`;
  const server = createServer((_, response) => void response.end(listing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  using bucket = new Bucket({ bucket: 'b', endpoint, pathStyle: true, credentials });
  const [object] = await Array.fromAsync(bucket.list(common.signal));
  server.close();
  assert.equal(object?.path.toString(), 'per%20cent%');
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
  const report = await place.restore([full.reader], target, 'skip');
  assert.equal(report.restored, 29);
  assert.equal(report.skipped, 1);
  assert.equal((await describe(target)).find(({ key }) => key === 'k3')?.content, 'what is there');
  await place.restore([full.reader], target, 'overwrite');
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
  const report = await place.restore([full.reader], target);
  assert.deepEqual(report.refused, [
    { where: 'damaged', what: 'has content that does not match its digest' },
  ]);
  assert.deepEqual(
    (await describe(target)).map(({ key }) => key),
    ['sound'],
  );
});

test('an upload is sent again when the bucket says so, or its answer is lost', async () => {
  await using place = await setUp({ segmentBytes: 200_000, smallestPartBytes: 200_000 });
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  await put(source, 'large', Buffer.alloc(500_000, 'large'));
  await put(source, 'first', 'first');
  await put(source, 'second', 'second');
  const full = await place.take('plain', 'full', [], 'from/');
  const { faults } = place.server;
  const slowDown = { kind: 'status', status: 503, code: 'SlowDown' } as const;
  faults.arm({ operation: 'PutObject', key: 'first', times: 2, action: slowDown });
  faults.arm({ operation: 'PutObject', key: 'second', action: { kind: 'cut-after' } });
  faults.arm({ operation: 'UploadPart', skip: 1, action: slowDown });
  const report = await place.restore([full.reader], target);
  assert.deepEqual(report.refused, []);
  assert.equal(report.restored, 3);
  assert.deepEqual(await describe(target), await describe(source));
});
