import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { createAgent } from '../../backup-agent/composition.ts';
import { selfTest } from '../../backup-agent/operations/self-test.ts';
import { Bucket } from '../../backup-agent/sources/s3/bucket.ts';
import { startS3Server, type S3Server } from '../fixtures/s3/server.ts';
import { holdfast } from '../support/holdfast.ts';
import { silentLog, silentProgress } from '../support/in-memory-backup.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

const signal = new AbortController().signal;
const credentials = { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' };
const env = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};
const attachments = 6;

let installation: TestInstallation;
let server: S3Server;

/** The CRM's attachments lie in a bucket, and so does what the job backs up. */
before(async () => {
  server = await startS3Server();
  installation = await testInstallation(attachments);
  const reach = { bucket: 'versioned', prefix: 'crm/', endpoint: server.endpoint, pathStyle: true };
  const { folder } = installation.crm;
  using bucket = new Bucket({ ...reach, credentials });
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of found.filter((candidate) => candidate.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const content = await readFile(file);
    const path = Buffer.from(file.slice(folder.length + 1));
    const object = { type: 'object', path, sizeBytes: content.length, etag: '', modifiedAt: '' };
    await bucket.put({ ...object, type: 'object' }, () => Readable.from([content]), {
      replace: true,
      signal,
    });
  }
  const configuration = parse(await readFile(installation.configFile, 'utf8'));
  configuration.jobs['crm-attachments'].source = { type: 's3', ...reach };
  await writeFile(installation.configFile, stringify(configuration, { lineWidth: 0 }));
});
after(async () => {
  await installation[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function run(...argv: string[]): Promise<string> {
  const all = ['--config', installation.configFile, ...argv];
  const { exitCode, stdout, stderr } = await holdfast(all, { env });
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout;
}

test('a drill holds every row against a bucket, and a broken copy of it is caught', async () => {
  await run('backup', 'crm');
  const signal = AbortSignal.timeout(250_000);
  await using agent = await createAgent({
    configFile: installation.configFile,
    environment: { variables: {}, configFile: undefined, plainOutput: true },
    log: silentLog,
    signal,
    now: () => new Date(),
    identityFile: installation.identityFile,
  });
  // Of the other breaks, the database's, a drill beside a directory tells the same.
  const breaks = ['a stale attachment'];
  const { results, trustworthy } = await selfTest(
    agent,
    { job: 'crm-database', backup: 'latest', breaks },
    { progress: silentProgress },
  );
  assert.ok(trustworthy, JSON.stringify(results));
  assert.deepEqual(
    results.map(({ broken, outcome, by }) => ({ broken, outcome, by })),
    [
      { broken: 'nothing', outcome: 'passed', by: [] },
      {
        broken: 'a stale attachment',
        outcome: 'caught',
        by: ['every attachment row has its file'],
      },
    ],
  );
});
