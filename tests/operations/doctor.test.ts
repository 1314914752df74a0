import assert from 'node:assert/strict';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { checkInstallation } from '../../backup-agent/operations/doctor.ts';
import { startS3Server, type S3Server } from '../fixtures/s3/server.ts';
import { composed, type ComposedChanges } from './support/composed.ts';
import { run } from './support/scenario.ts';

let server: S3Server;
let c: Awaited<ReturnType<typeof composed>>;
before(async () => {
  server = await startS3Server();
  c = await composed();
});
after(async () => {
  await c[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function told(changes: ComposedChanges, check: string) {
  await using agent = await c.open(changes);
  const findings = await checkInstallation(agent, run.progress);
  return findings
    .filter((found) => found.check === check)
    .map(({ severity, what }) => `${severity}: ${what}`);
}

const local = (path: string, more: object = {}) => ({
  repositories: { primary: { type: 'local', path, ...more } },
});
const repository = (changes: ComposedChanges) => told(changes, 'repository primary');

/** With the credentials of a role, which the agent takes from its environment. */
async function as<Result>(role: string, act: () => Promise<Result>): Promise<Result> {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const before = names.map((name) => process.env[name]);
  process.env['AWS_ACCESS_KEY_ID'] = `TEST${role.toUpperCase()}`;
  process.env['AWS_SECRET_ACCESS_KEY'] = `test-secret-${role}`;
  try {
    return await act();
  } finally {
    for (const [index, name] of names.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const place = (bucket: string) => ({
  type: 's3',
  bucket,
  endpoint: server.endpoint,
  region: 'us-east-1',
  pathStyle: true,
});

test('a folder that is new, and one that opens, are said so, and nothing is left behind', async () => {
  assert.deepEqual(await repository(local('primary')), [
    'info: new: the first backup or copy makes it',
  ]);
  assert.ok(!(await readdir(c.at())).includes('primary'));
  await using agent = await c.open();
  await runBackup(agent, { job: 'crm', kind: 'auto' }, run);
  const before = await readdir(c.at('primary'), { recursive: true });
  assert.deepEqual(await repository(local('primary')), ['info: opens']);
  assert.deepEqual(await repository(local('primary', { readOnly: true })), [
    'info: opens; it is configured for reading only',
  ]);
  assert.deepEqual(await readdir(c.at('primary'), { recursive: true }), before);
});

test('a place where no repository can be made is an error', async () => {
  assert.match(String(await repository(local('files/letter.txt'))), /^error: .* is no folder/);
  assert.match(String(await repository(local('files'))), /^error: .* not empty: it holds "letter/);
  assert.match(
    String(await repository(local('nowhere', { readOnly: true }))),
    /^error: there is no repository at /,
  );
});

test(
  'a folder without the right to write is an error, which says whose right that is',
  { skip: process.getuid?.() === 0 && 'root may write everywhere' },
  async () => {
    await mkdir(c.at('sealed'));
    await chmod(c.at('sealed'), 0o500);
    assert.match(String(await repository(local('sealed/new'))), /^error: access to .* is refused/);
  },
);

test('a bucket that does not exist is an error, as a repository and as a source', async () => {
  const repositories = { primary: place('absent') };
  const there = { primary: place('plain') };
  await as('full', async () => {
    assert.match(String(await repository({ repositories })), /^error: .*NoSuchBucket/);
    assert.deepEqual(await repository({ repositories: there }), [
      'info: new: the first backup or copy makes it; whether it may be written was not tried',
    ]);
    const source = await told({ source: place('absent') }, 'source of crm');
    assert.equal(source.length, 1, String(source));
    assert.match(source[0] ?? '', /^error: .*NoSuchBucket/);
    assert.deepEqual(await told({ source: place('plain') }, 'source of crm'), ['info: answers']);
  });
});

test('a refused HEAD says its status, and that the clock may be the cause', async () => {
  await as('nobody', async () => {
    await using agent = await c.open({ repositories: { primary: place('plain') } });
    await assert.rejects(agent.openRepository('primary'), {
      code: 'storage-denied',
      message: /: HTTP 403$/,
      hint: /credentials .* clock/,
    });
  });
});

test('a folder that the file system refuses gets a hint about the file system', async () => {
  const { fromFileError } = await import('../../backup-agent/storage/local/file-errors.ts');
  const hints = ['EROFS', 'EACCES'].map((code) => {
    const error = fromFileError(Object.assign(new Error(code), { code }), 'a', '/mnt/nas');
    return error instanceof Error && 'hint' in error ? error.hint : '';
  });
  assert.match(String(hints[0]), /mounted read-only/);
  assert.match(String(hints[1]), /the user that runs this command/);
});
