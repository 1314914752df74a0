import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAgent } from '../../backup-agent/composition.ts';
import { readEnvironment } from '../../backup-agent/config/environment.ts';
import { watchSlots } from '../../backup-agent/operations/watch-slots.ts';
import { editConfiguration } from '../daemon/support.ts';
import { silentLog } from '../support/in-memory-backup.ts';
import { testInstallation } from '../support/installation.ts';

test('a slot between runs is looked at, and dropped at its limit unless its job is at work', async () => {
  await using installation = await testInstallation(1);
  const { configFile, run, sql } = installation;
  assert.equal((await run('backup', 'crm-database')).exitCode, 0);
  await sql(`UPDATE crm.deals SET title = 'changed'`);
  const watch = async (running: readonly string[]) => {
    await using agent = await createAgent({
      configFile,
      environment: readEnvironment(),
      log: silentLog,
      signal: new AbortController().signal,
      now: () => new Date(),
    });
    return await watchSlots(agent, ['crm-database', 'crm-attachments'], running);
  };
  const [seen, ...others] = await watch([]);
  assert.deepEqual(others, [], 'attachments have no slot');
  assert.equal(seen?.job, 'crm-database');
  assert.ok(seen.backlogBytes > 0 && seen.retainedBytes >= seen.backlogBytes && seen.lagMs > 0);
  await editConfiguration(configFile, ({ jobs }) => {
    jobs['crm-database'].source.slot = { warnAt: '1KiB', dropAt: '2KiB' };
  });
  assert.equal((await watch(['crm-database'])).length, 1);
  assert.deepEqual(await watch([]), []);
  const again = await run('backup', 'crm-database', '--json');
  assert.equal(JSON.parse(again.stdout)[0]?.kind ?? JSON.parse(again.stdout).kind, 'full');
});
