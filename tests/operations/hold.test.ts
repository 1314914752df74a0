import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { forecastStorage } from '../../backup-agent/operations/forecast.ts';
import { holdBackup, releaseBackup } from '../../backup-agent/operations/hold.ts';
import { keysStatus } from '../../backup-agent/operations/keys-status.ts';
import { readLog, verifyLogs } from '../../backup-agent/operations/log.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { appendCommit } from '../../backup-agent/repository/commit-log.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { run, scenario } from './support/scenario.ts';

async function withCopy() {
  const s = await scenario();
  const [a, b] = [await s.backup('full'), await s.backup('incremental')];
  await copyBackups(s.agent, 'crm', 'offsite', run);
  for (let index = 0; index < 3; index++) {
    s.pass(1);
    await s.backup('full');
  }
  return { ...s, a, b };
}

test('a hold keeps a backup and its chain from prune, here and in the copy, until it is released', async () => {
  await using s = await withCopy();
  const request = { job: 'crm', backup: s.b.id, reason: 'case 17' };
  const held = await holdBackup(s.agent, request);
  assert.deepEqual(
    held.map(({ repository, changed, objectsOf }) => ({ repository, changed, objectsOf })),
    ['primary', 'offsite'].map((repository) => ({
      repository,
      changed: true,
      objectsOf: [s.a.id, s.b.id],
    })),
  );
  const storage = (name: string) => openLocalStorage(s.file(name, ''), { clock: s.now });
  const agent = await s.open({ storage });
  await pruneBackups(agent, { job: 'crm', confirm: true }, run);
  assert.deepEqual((await s.ids()).slice(0, 2), [s.a.id, s.b.id]);
  assert.deepEqual(
    (await holdBackup(s.agent, request)).map(({ changed }) => changed),
    [false, false],
  );
  await releaseBackup(s.agent, request);
  await pruneBackups(agent, { job: 'crm', confirm: true }, run);
  assert.equal((await s.ids()).includes(s.a.id), false);
});

test('a hold on what does not exist is refused', async () => {
  await using s = await withCopy();
  const request = { job: 'crm', backup: '20200101T000000Z-000000', reason: 'x' };
  await assert.rejects(holdBackup(s.agent, request), { code: 'backup-unknown' });
});

test('a release leaves what another held backup needs', async () => {
  await using s = await withCopy();
  const request = { job: 'crm', repository: 'primary', reason: 'x' };
  await holdBackup(s.agent, { ...request, backup: s.a.id });
  await holdBackup(s.agent, { ...request, backup: s.b.id });
  const [released] = await releaseBackup(s.agent, { ...request, backup: s.b.id });
  assert.deepEqual(released?.objectsOf, [s.b.id]);
});

test('the log tells who did what, in order', async () => {
  await using s = await withCopy();
  await holdBackup(s.agent, { job: 'crm', backup: s.a.id, reason: 'case 17' });
  const { log } = await readLog(s.agent, 'crm');
  assert.deepEqual(
    log.map(({ commit }) => commit.subject.type),
    ['backup', 'backup', 'backup', 'backup', 'backup', 'hold'],
  );
  assert.equal(log.at(-1)?.commit.by, s.agent.by);
});

test('logs that agree have no findings', async () => {
  await using s = await withCopy();
  const report = await verifyLogs(s.agent, 'crm');
  assert.deepEqual(report.findings, []);
  assert.deepEqual(
    report.repositories.map(({ repository, commits }) => [repository, commits]),
    [
      ['primary', 5],
      ['offsite', 2],
    ],
  );
});

test('a rollback is noticed on a host that never saw the log, by the copy that did', async () => {
  await using s = await withCopy();
  for (const sequence of [2, 3, 4, 5])
    await s.remove('primary', `jobs/crm/commits/000000000${sequence}.json`);
  const stranger = await s.open({ stateDirectory: s.file('another-host', '') });
  const { findings } = await verifyLogs(stranger, 'crm');
  assert.equal(findings.length, 1);
  assert.match(findings[0]?.what ?? '', new RegExp(`does not know backup ${s.b.id}.*rollback`));
});

test('another manifest for the same backup in a copy is a fork', async () => {
  await using s = await withCopy();
  const offsite = await s.agent.openRepository('offsite');
  const own = (await s.ids()).at(-1) ?? '';
  const { log } = await readLog(s.agent, 'crm', 'offsite');
  await appendCommit(
    {
      repository: offsite,
      job: 'crm',
      subject: { type: 'backup', id: own, digest: '0'.repeat(64) },
      key: await s.agent.signingKey('writer'),
      by: 'test',
      now: s.now,
      signal: s.agent.signal,
      stillValid: () => false,
    },
    log,
  );
  const { findings } = await verifyLogs(s.agent, 'crm');
  assert.match(findings[0]?.what ?? '', /another manifest of backup .* a fork/);
});

test('a gap is a finding, not the end of the report', async () => {
  await using s = await withCopy();
  await s.remove('primary', 'jobs/crm/commits/0000000002.json');
  const { findings, repositories } = await verifyLogs(s.agent, 'crm');
  assert.match(findings[0]?.what ?? '', /commit 2 is missing.*commit-log-broken/);
  assert.deepEqual(
    repositories.map(({ repository }) => repository),
    ['offsite'],
  );
});

test('keys status says which identity opens what', async () => {
  await using s = await withCopy();
  const status = await keysStatus(s.agent, 'crm');
  assert.deepEqual(
    status.recipients.map(({ name, opens, backups, current }) => ({
      name,
      opens,
      backups,
      current,
    })),
    [
      { name: 'metadata identity', opens: 'meta', backups: 5, current: true },
      { name: 'keys.recipients[0]', opens: 'objects', backups: 5, current: true },
    ],
  );
  assert.deepEqual(status.identity, { present: true, unopened: [] });
  assert.equal(status.signing.length, 3);
});

test('a forecast says what locks would hold, before they are set', async () => {
  await using s = await withCopy();
  const forecast = await forecastStorage(s.agent, 'crm');
  assert.equal(forecast.locking, false);
  assert.ok(forecast.locks && forecast.locks.lockedBytes > 0);
});
