import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import { startS3Server } from '../../fixtures/s3/server.ts';
import { holdfast } from '../../support/holdfast.ts';
import { writeJobInstallation } from '../../support/job-installation.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const signal = new AbortController().signal;
const credentials = { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' };
const environment = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

/** A bucket, and a configuration with a job that backs up what is under `crm/` in it. */
async function setUp() {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startS3Server());
  const { path: directory } = resources.use(await temporaryDirectory());
  const reach = { endpoint: server.endpoint, pathStyle: true };
  const { configFile, identityFile } = await writeJobInstallation(directory, {
    objects: { type: 's3', bucket: 'versioned', prefix: 'crm/', exclude: ['*.tmp'], ...reach },
  });
  const owned = resources.move();
  return {
    directory,
    run: (...argv: string[]) => holdfast(['--config', configFile, ...argv], { env: environment }),
    restore: (...argv: string[]) =>
      holdfast(['--config', configFile, 'restore', 'objects', '-i', identityFile, ...argv], {
        env: environment,
      }),
    bucket: (name: string, prefix = '') =>
      owned.use(new Bucket({ bucket: name, prefix, credentials, ...reach })),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function put(bucket: Bucket, key: string, content: string): Promise<void> {
  const path = Buffer.from(key);
  const sizeBytes = Buffer.byteLength(content);
  const entry = { type: 'object', path, sizeBytes, etag: '', modifiedAt: '' } as const;
  await bucket.put({ ...entry, contentType: 'text/x-crm' }, () => Readable.from([content]), {
    replace: true,
    signal,
  });
}

async function contents(bucket: Bucket): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path } of bucket.list(signal)) {
    const object = await bucket.fetch(path, signal);
    assert.ok('body' in object);
    const { contentType } = object.entry;
    const body = Buffer.concat(await Array.fromAsync(object.body)).toString();
    found[path.toString()] = `${contentType}: ${body}`;
  }
  return found;
}

test('a job backs a bucket up, and restores it to another bucket or to a directory', async () => {
  await using setup = await setUp();
  const source = setup.bucket('versioned');
  await put(source, 'crm/deals/contract "1".txt', 'first');
  await put(source, 'crm/deals/emoji 💾.txt', 'second');
  await put(source, 'crm/deals/draft.tmp', 'left out');
  await put(source, 'elsewhere', 'not ours');
  const full = await setup.run('backup', 'objects');
  assert.equal(full.exitCode, 0, full.stderr);
  const between = new Date().toISOString();
  await put(source, 'crm/deals/emoji 💾.txt', 'changed');
  const incremental = await setup.run('backup', 'objects');
  assert.equal(incremental.exitCode, 0, incremental.stderr);

  const restored = await setup.restore('--to', 's3://plain/again/');
  assert.equal(restored.exitCode, 0, restored.stderr);
  const expected = {
    'deals/contract "1".txt': 'text/x-crm: first',
    'deals/emoji 💾.txt': 'text/x-crm: changed',
  };
  assert.deepEqual(await contents(setup.bucket('plain', 'again/')), expected);
  assert.deepEqual(Object.keys(await contents(setup.bucket('plain'))), [
    'again/deals/contract "1".txt',
    'again/deals/emoji 💾.txt',
  ]);

  const earlier = await setup.restore('--to', 's3://plain/earlier/', '--at', between);
  assert.equal(earlier.exitCode, 0, earlier.stderr);
  assert.equal(
    (await contents(setup.bucket('plain', 'earlier/')))['deals/emoji 💾.txt'],
    'text/x-crm: second',
  );

  const preview = await setup.restore('--to', 's3://plain/again/', '--dry-run');
  assert.equal(preview.exitCode, 12, preview.stderr);
  const again = await setup.restore('--to', 's3://plain/again/');
  assert.equal(again.exitCode, 12, again.stderr);
  assert.match(again.stderr, /target-not-empty/);

  const target = join(setup.directory, 'restored');
  await mkdir(target);
  const toDirectory = await setup.restore('--to', target, '--path', 'deals');
  assert.equal(toDirectory.exitCode, 0, toDirectory.stderr);
  assert.equal(await readFile(join(target, 'deals', 'emoji 💾.txt'), 'utf8'), 'changed');
});

test('a URL that names no bucket, or asks for what a bucket cannot do, is refused', async () => {
  await using setup = await setUp();
  await put(setup.bucket('versioned'), 'crm/one', 'content');
  const full = await setup.run('backup', 'objects');
  assert.equal(full.exitCode, 0, full.stderr);
  for (const refused of [
    ['--to', 's3://'],
    ['--to', 's3://plain/?colour=red'],
    ['--to', 's3://plain/', '--into', 'rename'],
    ['--to', 'postgres://nowhere/crm'],
    ['--to', 's3://plain/', '--lsn', '0/1'],
  ]) {
    const { exitCode, stderr } = await setup.restore(...refused);
    assert.match(stderr, /usage-invalid/, refused.join(' '));
    assert.equal(exitCode, 2, refused.join(' '));
  }
});
