import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import { restoreObjectsToDirectory } from '../../../backup-agent/sources/s3/restore-to-directory.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { counting } from '../files/killed-restore.ts';
import { common, describe, put, setUp } from './buckets.ts';

const partBytes = 200_000;
const inParts = { segmentBytes: partBytes, smallestPartBytes: partBytes };
const attributes = { contentType: 'video/mp4', metadata: { owner: 'sales' } };

test('an object larger than a segment lies in parts, and comes back whole, to a bucket and a directory', async () => {
  await using place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('versioned', 'to/');
  const content = randomBytes(1_050_000);
  await put(source, 'large', content, attributes);
  await put(source, 'large as well', content);
  await put(source, 'small', 'beside them');
  const full = await place.take('plain', 'full', [], 'from/');
  assert.deepEqual(full.problems, []);
  const sizes = [...full.writer.objects.values()].map(({ length }) => length);
  assert.ok(Math.max(...sizes) < partBytes + 4096, 'no segment is larger than a part');
  const before = place.server.requests.length;
  const next = await place.take('plain', 'incremental', [full.reader], 'from/');
  assert.equal(next.writer.objects.size, 0);
  assert.ok(place.server.requests.slice(before).every((r) => r.operation !== 'GetObject'));
  const chain = [full.reader, next.reader];
  const report = await place.restore(chain, target);
  assert.deepEqual(report.refused, []);
  assert.equal(report.bytes, 2 * content.length + 'beside them'.length);
  assert.deepEqual(await describe(target), await describe(source));
  assert.deepEqual(readdirSync(join(place.directory, 'uploads')), [], 'no upload is left');
  const directory = join(place.directory, 'restored');
  await restoreObjectsToDirectory({ ...common, chain, target: directory });
  for (const name of ['large', 'large as well'])
    assert.ok(readFileSync(join(directory, name)).equals(content));
});

/** A restore that is refused from a part on. */
async function restoreUpToPart(
  number: number,
  { server, restore }: Awaited<ReturnType<typeof setUp>>,
  reader: BackupReader,
  target: Bucket,
): Promise<void> {
  const action = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
  server.faults.arm({ operation: 'UploadPart', skip: number - 1, times: 2, action });
  await assert.rejects(restore([reader], target), { code: 'source-denied' });
  server.faults.disarm();
}

test('a restore to a bucket that ended in the middle of a large object puts no part twice', async () => {
  await using place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  const parts = 12;
  await put(source, 'large', randomBytes(parts * partBytes), attributes);
  const full = await place.take('plain', 'full', [], 'from/');
  await restoreUpToPart(8, place, full.reader, target);
  assert.deepEqual(await describe(target), [], 'nobody sees a part of an object');
  let read = 0;
  const reader = counting(full.reader, (bytes) => (read += bytes));
  const before = place.server.requests.length;
  const report = await place.restore([reader], target, 'skip');
  assert.deepEqual(report.refused, []);
  const again = place.server.requests.slice(before);
  const puts = again.filter(({ operation }) => operation === 'UploadPart').length;
  assert.ok(puts <= parts - 7, `${puts} parts were put again`);
  assert.ok(read <= (parts - 7) * (partBytes + 8192), `${read} bytes were read again`);
  assert.deepEqual(await describe(target), await describe(source));
});

test('an upload that is gone when a restore goes on is begun anew', async () => {
  await using place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  await put(source, 'large', randomBytes(3 * partBytes));
  const full = await place.take('plain', 'full', [], 'from/');
  await restoreUpToPart(2, place, full.reader, target);
  const { uploads } = place.server.bucket('plain');
  assert.equal(uploads.size, 1);
  uploads.clear();
  assert.deepEqual((await place.restore([full.reader], target, 'skip')).refused, []);
  assert.deepEqual(await describe(target), await describe(source));
  assert.equal(uploads.size, 0);
});

test('a host that cannot write its state restores large objects all the same', async () => {
  await using place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  await put(source, 'large', randomBytes(3 * partBytes));
  const full = await place.take('plain', 'full', [], 'from/');
  writeFileSync(join(place.directory, 'uploads'), 'no directory');
  assert.deepEqual((await place.restore([full.reader], target)).refused, []);
  assert.deepEqual(await describe(target), await describe(source));
});

test('a part that is not what its digest says keeps the whole object from the bucket', async () => {
  await using place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  using target = place.bucket('plain', 'to/');
  await put(source, 'large', randomBytes(5 * partBytes));
  await put(source, 'sound', 'sound');
  const full = await place.take('plain', 'full', [], 'from/');
  const part = full.writer.objects.get('s000003.tar');
  assert.ok(part);
  part.writeUInt8(part.readUInt8(100_000) ^ 1, 100_000);
  const digestFault = [{ where: 'large', what: 'has content that does not match its digest' }];
  assert.deepEqual((await place.restore([full.reader], target)).refused, digestFault);
  assert.deepEqual(
    (await describe(target)).map(({ key }) => key),
    ['sound'],
  );
  assert.equal(place.server.bucket('plain').uploads.size, 0);
  const directory = join(place.directory, 'restored');
  mkdirSync(directory);
  const chain = [full.reader];
  const report = await restoreObjectsToDirectory({ ...common, chain, target: directory });
  assert.deepEqual(report.refused, digestFault);
});

/**
 * An incremental in which the large object is replaced as soon as bytes of it have come, so many times, and
 * each answer breaks off half-way.
 */
async function replacedWhileRead(sizeBytes: number, times: number) {
  const place = await setUp(inParts);
  using source = place.bucket('plain', 'from/');
  await put(source, 'large', randomBytes(sizeBytes));
  const first = await place.take('plain', 'full', [], 'from/');
  await put(source, 'large', randomBytes(sizeBytes));
  await put(source, 'next', randomBytes(sizeBytes - 1));
  const action = { kind: 'truncate', afterBytes: sizeBytes / 2 } as const;
  place.server.faults.arm({ operation: 'GetObject', key: 'large', times, action });
  const bucket = place.server.bucket('plain');
  let replaced = 0;
  const advance = (_: number, { bytes = 0 } = {}) => {
    const [next] = bucket.versionsOf('from/next');
    if (bytes === 0 || replaced === times || !next) return;
    replaced += 1;
    bucket.add({ ...next, key: 'from/large', etag: `${replaced}` });
  };
  const progress = { ...silentProgress, advance };
  const taken = await place.take('plain', 'incremental', [first.reader], 'from/', { progress });
  return { place, taken, chain: [first.reader, taken.reader] };
}

for (const sizeBytes of [5 * partBytes, partBytes - 10_000])
  test(`an object of ${sizeBytes} bytes that is replaced while it is read is read again`, async () => {
    const { place: made, taken, chain } = await replacedWhileRead(sizeBytes, 1);
    await using place = made;
    using source = place.bucket('plain', 'from/');
    using target = place.bucket('plain', 'to/');
    assert.deepEqual(taken.problems, []);
    assert.deepEqual((await place.restore(chain, target)).refused, []);
    assert.deepEqual(await describe(target), await describe(source));
  });

test('an object that is replaced each time it is read stays as the last backup has it', async () => {
  const { place: made, taken, chain } = await replacedWhileRead(5 * partBytes, 1000);
  await using place = made;
  assert.deepEqual(taken.problems, [
    {
      where: 'large',
      what: 'was replaced while it was read, each time; it stays as the last backup has it',
    },
  ]);
  using before = place.bucket('plain', 'before/');
  using target = place.bucket('plain', 'to/');
  await place.restore(chain.slice(0, 1), before);
  assert.deepEqual((await place.restore(chain, target)).refused, []);
  const large = async (bucket: typeof target) =>
    (await describe(bucket)).find(({ key }) => key === 'large');
  assert.deepEqual(await large(target), await large(before));
});
