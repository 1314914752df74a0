import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { unlessPruned } from '../../backup-agent/operations/pruned-meanwhile.ts';
import { selectBackup } from '../../backup-agent/operations/select-backup.ts';
import { objectKey } from '../../backup-agent/repository/layout.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { run, scenario } from './support/scenario.ts';

test('what a prune took while it was restored is told as pruned; what is lost otherwise, as damage', async () => {
  await using s = await scenario();
  const backup = await s.backup('full');
  for (let index = 0; index < 3; index++) {
    s.pass(1);
    await s.backup('full');
  }
  const selected = await selectBackup(s.agent, { job: 'crm', backup: backup.id });
  const [reader] = selected.readers;
  const [first, second] = ['segment-0.tar', 'segment-1.tar'] as const;
  const read = async (name: string) => {
    assert.ok(reader);
    return await buffer(await reader.readObject(name, s.agent.signal));
  };
  await s.remove('primary', objectKey('crm', backup.id, 'objects', `${first}.zst.age`));
  const lost = unlessPruned(s.agent, selected, () => read(first));
  await assert.rejects(lost, { code: 'storage-object-missing' });

  assert.ok((await unlessPruned(s.agent, selected, () => read(second))).length > 0);
  const pruning = await s.open({
    storage: (name) => openLocalStorage(s.file(name, ''), { clock: s.now }),
  });
  const pruned = unlessPruned(s.agent, selected, async () => {
    await pruneBackups(pruning, { job: 'crm', confirm: true }, run);
    return await read(second);
  });
  await assert.rejects(pruned, {
    code: 'backup-unknown',
    message: `backup ${backup.id} was pruned from primary while it was read`,
  });
});
