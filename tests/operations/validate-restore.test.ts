import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createAgent } from '../../backup-agent/composition.ts';
import { parseConfiguration } from '../../backup-agent/config/load-configuration.ts';
import { openAwsBackup } from '../../backup-agent/operations/aws-backup.ts';
import { restoredHost, validateRestore } from '../../backup-agent/operations/validate-restore.ts';
import {
  startSourceServer,
  environment as serverEnvironment,
} from '../fixtures/postgres/source-fixture.ts';
import { awsEndpoint, type Answer } from '../support/aws-endpoint.ts';

const restoreJob = '8A3F6B2C-0000-1111-2222-333344445555';
const arn = 'arn:aws:rds:eu-central-1:111122223333:db:awsbackup-restore-test-4f2a';
/** As AWS Backup answers, apart from what nobody here reads. */
const described = {
  RestoreJobId: restoreJob,
  Status: 'COMPLETED',
  CreatedResourceArn: arn,
  ResourceType: 'RDS',
  PercentDone: '100.00%',
  ValidationStatus: 'VALIDATING',
};

let server: Awaited<ReturnType<typeof startSourceServer>>;
let directory: string;
before(async () => {
  server = await startSourceServer();
  directory = await mkdtemp(join(tmpdir(), 'holdfast-validate-'));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function agentFor(url: string, probes: readonly object[] = []) {
  const value = parseConfiguration(
    JSON.stringify({
      version: 1,
      repositories: { vault: { type: 'local', path: 'vault' } },
      keys: {
        recipients: ['age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'],
        metadataIdentity: { env: 'ABSENT' },
        trusted: [{ role: 'writer', publicKey: 'AAAA', validFrom: '2026-01-01T00:00:00Z' }],
      },
      jobs: {
        crm: {
          source: { type: 'postgres', url },
          repository: 'vault',
          retention: { keepLast: 1 },
          drill: { sandbox: { type: 'local' }, probes },
        },
      },
    }),
    'test',
  );
  return await createAgent(
    {
      configFile: 'test',
      environment: { variables: serverEnvironment, configFile: undefined, plainOutput: true },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      signal: new AbortController().signal,
      now: () => new Date(),
    },
    { file: 'test', directory, value },
  );
}

/** A restored database with what the SQL makes. */
async function restored(name: string, sql: string): Promise<string> {
  const url = await server.createDatabase(name);
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
  return url;
}

async function validate(
  url: string,
  options: { probes?: readonly object[]; answer?: Answer } = {},
) {
  await using aws = await awsEndpoint(options.answer ?? { body: described });
  await using agent = await agentFor(url, options.probes);
  await using service = await openAwsBackup(agent.signal, aws.client);
  const [, socket] = /[?&]host=([^&]+)/.exec(url) ?? [];
  const host = socket === undefined ? '127.0.0.1' : decodeURIComponent(socket);
  const outcome = await validateRestore(agent, service, { job: 'crm', restoreJob, host });
  return { outcome, asked: aws.asked };
}

const sound = `
  CREATE TABLE deals (id serial PRIMARY KEY, amount int NOT NULL CHECK (amount > 0));
  INSERT INTO deals (amount) SELECT g FROM generate_series(1, 500) g;`;
const probe = {
  name: 'there are deals',
  query: 'SELECT count(*) FROM public.deals',
  expect: { atLeast: 500 },
};

suite('what AWS Backup restored', () => {
  test('is asserted, and AWS Backup told so, in the shapes of its API', async () => {
    const { outcome, asked } = await validate(await restored('sound', sound), { probes: [probe] });
    assert.equal(outcome.status, 'SUCCESSFUL', outcome.message);
    assert.deepEqual(
      outcome.reports.map(({ assertion }) => [assertion.name, assertion.outcome]),
      [
        ['every table reads to its end', 'passed'],
        ['constraints hold', 'passed'],
        ['indexes are sound', outcome.reports[2]?.assertion.outcome],
        ['sequences are ahead of their columns', 'passed'],
        ['probes answer as expected', 'passed'],
      ],
    );
    assert.notEqual(outcome.reports[2]?.assertion.outcome, 'failed');
    const [describe, tell] = asked;
    assert.equal(asked.length, 2);
    assert.deepEqual([describe?.method, describe?.url], ['GET', `/restore-jobs/${restoreJob}`]);
    assert.deepEqual([tell?.method, tell?.url], ['PUT', `/restore-jobs/${restoreJob}/validations`]);
    assert.deepEqual(tell?.body, {
      ValidationStatus: 'SUCCESSFUL',
      ValidationStatusMessage: outcome.message,
    });
    assert.match(tell?.headers.authorization ?? '', /\/eu-central-1\/backup\//);
    assert.ok(outcome.message.length <= 1024);
    assert.doesNotMatch(outcome.message, /deals/, 'no names of tables leave this host');
  });

  test('fails on a probe that answers otherwise, and AWS Backup hears FAILED', async () => {
    const wrong = { ...probe, expect: { atLeast: 501 } };
    const { outcome, asked } = await validate(await restored('wrong', sound), { probes: [wrong] });
    assert.equal(outcome.status, 'FAILED');
    assert.partialDeepStrictEqual(asked[1]?.body, { ValidationStatus: 'FAILED' });
  });

  test('fails when it holds nothing', async () => {
    const { outcome } = await validate(await restored('nothing', 'SELECT 1'));
    assert.equal(outcome.status, 'FAILED');
    assert.match(outcome.message, /every table reads to its end: failed/);
  });

  test('fails on an index that the server does not use', async () => {
    const url = await restored(
      'invalid',
      `${sound} UPDATE pg_index SET indisvalid = false WHERE indrelid = 'deals'::regclass;`,
    );
    const { outcome } = await validate(url);
    assert.match(outcome.message, /indexes are sound: failed/);
  });

  test('fails when nobody answers there', async () => {
    const { outcome, asked } = await validate('postgres://nobody@127.0.0.1:1/none');
    assert.equal(outcome.status, 'FAILED');
    assert.equal(asked.length, 2);
  });

  test('is left alone while it is not complete, or not known', async () => {
    const url = await restored('pending', sound);
    const cases: [Answer, RegExp][] = [
      [{ body: { ...described, Status: 'RUNNING' } }, /is RUNNING, not COMPLETED/],
      [{ status: 404, body: { __type: 'ResourceNotFoundException' } }, /ResourceNotFoundException/],
    ];
    for (const [answer, message] of cases)
      await assert.rejects(validate(url, { answer }), (error: Error & { code: string }) => {
        assert.equal(error.code, 'aws-backup-refused');
        assert.match(error.message, message);
        return true;
      });
  });

  test('is found by its identifier, beside the source', () => {
    const source = 'holdfast-production-crm.abcdefg.eu-central-1.rds.amazonaws.com';
    const type = 'RDS';
    assert.equal(
      restoredHost(source, { restoreJob, arn, type }),
      'awsbackup-restore-test-4f2a.abcdefg.eu-central-1.rds.amazonaws.com',
    );
    const bucket = { restoreJob, arn: 'arn:aws:s3:::restored', type: 'S3' };
    assert.throws(() => restoredHost(source, bucket), /is no database instance of RDS/);
    assert.throws(
      () => restoredHost('db.internal', { restoreJob, arn, type }),
      /does not follow from db\.internal/,
    );
  });
});
