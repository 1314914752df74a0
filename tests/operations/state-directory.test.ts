import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Agent } from '../../backup-agent/operations/agent.ts';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { checkInstallation } from '../../backup-agent/operations/doctor.ts';
import { recallHistory } from '../../backup-agent/operations/history.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { runRestore } from '../../backup-agent/operations/restore.ts';
import { openRunJournal } from '../../backup-agent/operations/run-journal.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { composed } from './support/composed.ts';
import { run } from './support/scenario.ts';

const backup = { job: 'crm', kind: 'auto' } as const;
const everything = (folder: string) => readdir(folder, { recursive: true });
const refused = {
  code: 'state-unusable',
  message: /the state directory \/.* cannot be used: something that is no folder .*\(ENOTDIR\)/,
};

/** One backup is there, and the state directory is a file now. */
async function withoutState() {
  const c = await composed();
  await using agent = await c.open();
  await runBackup(agent, backup, run);
  await rm(c.at('.holdfast-state'), { recursive: true });
  await writeFile(c.at('.holdfast-state'), 'in the way');
  return c;
}

test('whatever signs is refused before it writes, with the directory and why', async () => {
  await using c = await withoutState();
  await using agent = await c.open();
  const before = await everything(c.at('primary'));
  await assert.rejects(runBackup(agent, backup, run), refused);
  await assert.rejects(pruneBackups(agent, { job: 'crm', confirm: true }, run), refused);
  await assert.rejects(openRunJournal(c.at('.holdfast-state')), refused);
  assert.deepEqual(await everything(c.at('primary')), before);
});

test('whatever reads goes on and warns once, so that an emergency restore works', async () => {
  await using c = await withoutState();
  const warned = async (use: (agent: Agent) => Promise<unknown>) => {
    c.warnings.length = 0;
    await using agent = await c.open();
    await use(agent);
    const [first, ...others] = c.warnings;
    assert.match(first ?? '', /state directory .*does not notice .* the end of a log is cut off/);
    assert.deepEqual(others, []);
  };
  await warned(async (agent) => recallHistory(agent, await agent.openRepository('primary'), 'crm'));
  await warned(async (agent) => {
    const report = await verifyBackups(agent, { job: 'crm', deep: true }, run);
    assert.deepEqual([report.damage, report.recorded], [[], false]);
    assert.match(report.notRecordedBecause ?? '', refused.message);
  });
  await warned((agent) => {
    const rights = { noOwner: false, noPrivileges: false };
    return runRestore(agent, { job: 'crm', backup: 'latest', to: c.at('back'), ...rights }, run);
  });
  assert.equal(await readFile(c.at('back', 'letter.txt'), 'utf8'), 'Dear customer');
});

test('a directory of which only a part cannot be used stops a backup before its commit', async () => {
  await using c = await withoutState();
  await rm(c.at('.holdfast-state'));
  await mkdir(c.at('.holdfast-state'));
  await writeFile(c.at('.holdfast-state', 'seen'), 'in the way');
  await using agent = await c.open();
  await assert.rejects(runBackup(agent, backup, run), refused);
  const { log } = await recallHistory(agent, await agent.openRepository('primary'), 'crm');
  assert.equal(log.length, 1);
});

test('doctor tells of it, and leaves nothing behind where all is well', async () => {
  await using c = await withoutState();
  const found = async () => {
    await using agent = await c.open();
    const findings = await checkInstallation(agent, run.progress);
    return findings.filter(({ check }) => check === 'state directory');
  };
  assert.deepEqual(
    (await found()).map(({ severity }) => severity),
    ['error'],
  );
  await rm(c.at('.holdfast-state'));
  assert.deepEqual(
    (await found()).map(({ severity }) => severity),
    ['info'],
  );
  assert.ok(!(await readdir(c.at())).includes('.holdfast-state'));
});
