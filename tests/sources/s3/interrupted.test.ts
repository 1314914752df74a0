import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agent } from '../../../backup-agent/operations/agent.ts';
import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { verifyBackups } from '../../../backup-agent/operations/verify.ts';
import { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import { restoreToBucket } from '../../../backup-agent/sources/s3/restore-to-bucket.ts';
import { createS3Source } from '../../../backup-agent/sources/s3/source.ts';
import type { Storage } from '../../../backup-agent/storage/storage.ts';
import { startS3Server } from '../../fixtures/s3/server.ts';
import { readersOf } from '../../operations/support/attachments.ts';
import { makeInstallation, openInstallation } from '../../operations/support/installation.ts';
import { withPoints } from '../../operations/support/points.ts';
import { run } from '../../operations/support/scenario.ts';
import { openStore } from '../../operations/support/stores.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { describe, put } from './buckets.ts';

const signal = new AbortController().signal;
const credentials = { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' };
const objectBytes = 10_000;
const objects = 60;
const segmentBytes = 60_000;

/** A bucket of attachments, and an installation whose repository lies in another bucket. */
async function setUp() {
  const server = await startS3Server({ minimumPartBytes: 1 });
  const directory = await temporaryDirectory();
  await makeInstallation(directory.path);
  const { endpoint } = server;
  const optionsOf = (prefix: string) => ({
    bucket: 'plain',
    prefix,
    endpoint,
    pathStyle: true,
    credentials,
  });
  return {
    server,
    directory: directory.path,
    bucket: (prefix: string) => new Bucket(optionsOf(prefix)),
    open: (wrap: (storage: Storage) => Storage = (storage) => storage) =>
      openInstallation(directory.path, {
        source: createS3Source({
          ...optionsOf('crm/'),
          segmentBytes,
          smallestPartBytes: segmentBytes,
          fetchesAtOnce: 2,
        }),
        storage: (name) =>
          wrap(openStore({ type: 's3', endpoint, bucket: 'versioned', prefix: 'backups' }, name)),
      }),
    restore: async (agent: Agent, id: string, bucket: Bucket) =>
      await restoreToBucket({
        chain: await readersOf(agent, id),
        bucket,
        scratchDirectory: directory.path,
        uploadsDirectory: directory.path,
        signal,
        progress: silentProgress,
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function putNumbered(bucket: Bucket, number: number, text: string): Promise<void> {
  await put(bucket, `${number % 5}/${number}`, Buffer.alloc(objectBytes, `${text} ${number} `), {
    contentType: `text/x-${number % 3}`,
    metadata: { number: String(number) },
    tags: { parity: number % 2 ? 'odd' : 'even' },
  });
}

test('a bucket backed up to a bucket, interrupted on the way, is fetched once and restores alike', async () => {
  await using s = await setUp();
  using bucket = s.bucket('crm/');
  for (let number = 0; number < objects; number++) await putNumbered(bucket, number, 'first');
  let left = 9;
  const interrupted = await s.open((storage) =>
    withPoints(storage, (name) => {
      if (name === 'after put objects' && left-- <= 0) throw new Error('interrupted');
    }),
  );
  await assert.rejects(runBackup(interrupted, { job: 'crm', kind: 'full' }, run), /interrupted/);
  await putNumbered(bucket, 1, 'changed in between');

  const agent = await s.open();
  const before = s.server.requests.length;
  const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
  assert.ok(manifest);
  const fetched = s.server.requests
    .slice(before)
    .filter(({ operation, key }) => operation === 'GetObject' && key.startsWith('crm/'));
  assert.ok(fetched.length < objects / 3, `${fetched.length} of ${objects} were fetched again`);
  assert.ok(fetched.some(({ key }) => key === 'crm/1/1'));

  const check = { job: 'crm', repository: 'primary', read: { type: 'all' } } as const;
  assert.deepEqual((await verifyBackups(agent, check, run)).damage, []);
  using restored = s.bucket('restored/');
  const report = await s.restore(agent, manifest.id, restored);
  assert.deepEqual(report.refused, []);
  assert.deepEqual(await describe(restored), await describe(bucket));
});

test('a large object of which some parts are stored is fetched from there on, as long as it is the same', async () => {
  await using s = await setUp();
  using bucket = s.bucket('crm/');
  const parts = 20;
  const content = (fill: string) => Buffer.alloc(parts * segmentBytes, fill);
  await put(bucket, 'stays', content('stays '), { tags: { kind: 'video' } });
  await put(bucket, 'replaced', content('first '));
  let left = 2 * 14;
  const interrupted = await s.open((storage) =>
    withPoints(storage, (name) => {
      if (name === 'after put objects' && left-- <= 0) throw new Error('interrupted');
    }),
  );
  await assert.rejects(runBackup(interrupted, { job: 'crm', kind: 'full' }, run), /interrupted/);
  await put(bucket, 'replaced', content('second '));

  const agent = await s.open();
  let fetched = 0;
  const advance = (_: number, { bytes = 0 } = {}) => void (fetched += bytes);
  const progress = { ...silentProgress, advance };
  const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, { progress });
  assert.ok(manifest);
  const largest = (parts + parts - 10) * segmentBytes;
  assert.ok(fetched < largest, `${fetched} bytes were fetched again, of ${largest} at most`);
  using restored = s.bucket('restored/');
  const report = await s.restore(agent, manifest.id, restored);
  assert.deepEqual(report.refused, []);
  assert.deepEqual(await describe(restored), await describe(bucket));
});
