import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { checkInstallation } from '../../backup-agent/operations/doctor.ts';
import { readHistory } from '../../backup-agent/operations/history.ts';
import { holdBackup } from '../../backup-agent/operations/hold.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { runJob } from '../../backup-agent/operations/run-job.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { composed } from './support/composed.ts';
import { dayMs, run } from './support/scenario.ts';

const backup = { job: 'crm', kind: 'auto' } as const;
const everything = (folder: string) => readdir(folder, { recursive: true });

test('a host whose clock stands before its key is pinned signs nothing, and nothing is written', async () => {
  await using c = await composed();
  await using agent = await c.open();
  const [taken] = await runBackup(agent, backup, run);
  const before = await everything(c.at('primary'));
  c.clock.now = new Date(Date.now() - dayMs);
  await assert.rejects(runBackup(agent, backup, run), {
    code: 'key-out-of-period',
    message: /key [0-9a-f]{64} is pinned as writer from .*, and this host's clock says /,
  });
  assert.deepEqual(await everything(c.at('primary')), before);
  const { backups } = await readHistory(agent, await agent.openRepository('primary'), 'crm');
  assert.deepEqual(
    backups.map(({ manifest }) => manifest.id),
    [taken?.id],
  );
});

test('a host whose keys are no longer valid signs nothing, in no role, and reads on', async () => {
  await using c = await composed();
  await using earlier = await c.open();
  const [taken] = await runBackup(earlier, backup, run);
  const before = await everything(c.at('primary'));
  c.clock.now = new Date(Date.now() + 1_000);
  await using agent = await c.open({ validUntil: new Date().toISOString() });
  const refused = { code: 'key-out-of-period', message: / until / };
  await assert.rejects(runBackup(agent, backup, run), refused);
  await assert.rejects(pruneBackups(agent, { job: 'crm', confirm: true }, run), refused);
  await assert.rejects(runJob(agent, { job: 'crm', kind: 'drill' }, run), refused);
  const hold = { job: 'crm', backup: taken?.id ?? '', reason: 'audit' };
  await assert.rejects(holdBackup(agent, hold), refused);
  const verified = await verifyBackups(agent, { job: 'crm', deep: true }, run);
  assert.deepEqual([verified.damage, verified.recorded], [[], false]);
  assert.match(verified.notRecordedBecause ?? '', /is pinned as drill/);
  assert.deepEqual(await everything(c.at('primary')), before);
});

test('doctor tells a key that nobody accepts now, and one that soon will not be', async () => {
  await using c = await composed();
  const writer = async (daysLeft: number) => {
    const validUntil = new Date(c.clock.now.getTime() + daysLeft * dayMs).toISOString();
    await using agent = await c.open({ validUntil });
    const findings = await checkInstallation(agent, run.progress);
    return ['writer key', 'drill key', 'curator key'].map(
      (check) => findings.find((found) => found.check === check)?.severity,
    );
  };
  assert.deepEqual(await writer(15), ['info', 'info', 'info']);
  assert.deepEqual(await writer(13), ['warning', 'warning', 'warning']);
  assert.deepEqual(await writer(-1), ['error', 'error', 'error']);
});
