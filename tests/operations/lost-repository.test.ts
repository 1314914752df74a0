import assert from 'node:assert/strict';
import { readdir, rename, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { checkInstallation } from '../../backup-agent/operations/doctor.ts';
import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { composed } from './support/composed.ts';
import { run } from './support/scenario.ts';

const backup = { job: 'crm', kind: 'auto' } as const;

/** A backup was taken, and then the place of the repository is empty, as without its mount. */
async function unmounted() {
  const c = await composed();
  await using agent = await c.open();
  await runBackup(agent, backup, run);
  await rename(c.at('primary'), c.at('elsewhere'));
  return c;
}

test('a new repository is said to be one, once', async () => {
  await using c = await composed();
  await using agent = await c.open();
  await runBackup(agent, backup, run);
  assert.deepEqual(c.news, [`made a new repository at ${c.at('primary')}`]);
  await runBackup(agent, backup, run);
  assert.equal(c.news.length, 1);
});

test('where a repository was seen that is missing now, no new one begins', async () => {
  await using c = await unmounted();
  await using agent = await c.open();
  const refused = {
    code: 'repository-not-found',
    message: /no repository at .*primary.*this host has seen commits of job crm in it$/,
    hint: /mount it.*move .*\/seen\/.* out of the state directory/,
  };
  await assert.rejects(runBackup(agent, backup, run), refused);
  assert.ok(!(await readdir(c.at())).includes('primary'));
  const findings = await checkInstallation(agent, run.progress);
  const found = findings.find(({ check }) => check === 'repository primary');
  assert.equal(found?.severity, 'error');
  assert.match(found?.what ?? '', refused.message);
  await rename(c.at('elsewhere'), c.at('primary'));
  const [taken] = await runBackup(agent, backup, run);
  assert.equal(taken?.kind, 'incremental');
});

test('the same for another place under the name that the job knows, but not for a copy', async () => {
  await using c = await unmounted();
  const moved = { type: 'local', path: 'moved' };
  await using agent = await c.open({ repositories: { primary: moved, offsite: moved } });
  await assert.rejects(runBackup(agent, backup, run), {
    code: 'repository-not-found',
    message: /no repository at .*moved.*, at .*primary$/,
  });
  await agent.openOrCreateRepository('offsite');
  assert.equal(c.news.at(-1), `made a new repository at ${c.at('moved')}`);
});

test('what the error names, moved away, lets a new repository begin', async () => {
  await using c = await unmounted();
  await using agent = await c.open();
  const error: unknown = await runBackup(agent, backup, run).catch((caught: unknown) => caught);
  assert.ok(isHoldfastError(error));
  const [, folder] = / move (\/.*) out of/.exec(error.hint) ?? [];
  await rm(folder ?? '', { recursive: true });
  const [taken] = await runBackup(agent, backup, run);
  assert.equal(taken?.kind, 'full');
});
