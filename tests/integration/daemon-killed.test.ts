import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { testInstallation } from '../support/installation.ts';
import { editConfiguration, forgetSince, startDaemon } from '../daemon/support.ts';

test('a daemon signalled twice or killed during a backup leaves nothing that keeps the next one from catching up', async () => {
  await using installation = await testInstallation(3);
  const { configFile, directory, run } = installation;
  await editConfiguration(configFile, ({ jobs }) => {
    jobs['crm-database'].schedules = { incremental: '0 0 1 * *' };
  });
  await forgetSince(directory, ['crm-database/incremental']);
  {
    await using impatient = startDaemon(configFile);
    await impatient.seen(({ message }) => message === 'run started');
    impatient.signal('SIGTERM');
    await impatient.seen(({ message }) => message.startsWith('stopping'));
    impatient.signal('SIGTERM');
    assert.deepEqual(await impatient.ended, { code: 143, signal: null });
    assert.notEqual(impatient.events.at(-1)?.message, 'stopped', 'the run was not waited for');
  }
  {
    await using killed = startDaemon(configFile);
    await killed.seen(({ message }) => message === 'run started');
    killed.signal('SIGKILL');
    assert.equal((await killed.ended).signal, 'SIGKILL');
  }
  await using stopped = startDaemon(configFile);
  await stopped.seen(({ message }) => message === 'run started');
  stopped.signal('SIGTERM');
  assert.equal((await stopped.ended).code, 143);
  const ended = stopped.events.filter(({ ending }) => ending !== undefined);
  assert.equal(ended.length, 1, 'what was at work came to its end');
  const lease = await readFile(join(directory, 'primary', 'leases', 'crm-database.json'), 'utf8');
  if (ended[0]?.ending === 'done') {
    assert.equal(JSON.parse(lease).released, true);
    const listed = await run('list', 'crm-database', '--json');
    assert.ok(JSON.parse(listed.stdout)[0].backups.length > 0);
  } else assert.equal(ended[0]?.ending, 'busy', 'only the killed one’s lease may be in the way');
});
