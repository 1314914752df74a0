import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHistory, recallHistory } from '../../backup-agent/operations/history.ts';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { run, scenario } from './support/scenario.ts';
import { holdBackup } from '../../backup-agent/operations/hold.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';

/** Two backups, and an agent that counts what it fetches. */
async function counted() {
  const s = await scenario();
  await s.backup('full');
  await s.backup('incremental');
  let reads = 0;
  const agent = await s.open({
    storage: (name) => {
      const inner = openLocalStorage(join(s.directory, name));
      return new Proxy(inner, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property);
          if (property === 'get')
            return (...args: Parameters<typeof target.get>) => {
              if (args[0] !== 'holdfast.json') reads += 1;
              return target.get(...args);
            };
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
  const recall = async () => {
    reads = 0;
    const history = await recallHistory(agent, await agent.openRepository('primary'), 'crm');
    return { history, reads };
  };
  const memory = async () => {
    const folder = join(s.directory, '.holdfast-state/history');
    const [id = ''] = await readdir(folder);
    return join(folder, id, 'crm.jsonl');
  };
  return { ...s, agent, recall, memory };
}

test('what was listed once is not fetched again, and reads the same', async () => {
  await using s = await counted();
  const first = await s.recall();
  assert.equal(first.reads, 4);
  const second = await s.recall();
  assert.equal(second.reads, 0);
  assert.deepEqual(second.history, first.history);
  const { backups } = await readHistory(s.agent, await s.agent.openRepository('primary'), 'crm');
  assert.deepEqual(second.history.backups, backups);
});

test('what is new is fetched and remembered too', async () => {
  await using s = await counted();
  await s.recall();
  const newest = await s.backup('incremental');
  await holdBackup(s.agent, { job: 'crm', repository: 'primary', backup: newest.id, reason: 'x' });
  const { reads, history } = await s.recall();
  assert.equal(reads, 3);
  assert.deepEqual(
    history.backups.map(({ held }) => held),
    [false, false, true],
  );
  assert.equal((await s.recall()).reads, 0);
});

test('a commit that was replaced since is read, and refused', async () => {
  await using s = await counted();
  await s.recall();
  const file = s.file('primary', 'jobs/crm/commits/0000000001.json');
  const bytes = await readFile(file);
  await rm(file);
  await writeFile(file, bytes.subarray(0, -40));
  await assert.rejects(s.recall(), { code: 'document-malformed' });
});

test('a commit that is gone is a gap, whatever is remembered', async () => {
  await using s = await counted();
  await s.recall();
  await s.remove('primary', 'jobs/crm/commits/0000000001.json');
  await assert.rejects(s.recall(), { code: 'commit-log-broken' });
});

test('a torn or foreign memory is as good as none', async () => {
  await using s = await counted();
  const { history } = await s.recall();
  const file = await s.memory();
  const { length } = await readFile(file);
  await truncate(file, length - 100);
  const torn = await s.recall();
  assert.deepEqual([torn.reads, torn.history], [1, history]);
  assert.equal((await s.recall()).reads, 0);
  await appendFile(file, '{"manifest":');
  assert.equal((await s.recall()).reads, 0);
  await writeFile(file, 'something else\n');
  assert.deepEqual([(await s.recall()).reads, (await s.recall()).reads], [4, 0]);
});

test('with other trusted keys nothing is remembered', async () => {
  await using s = await counted();
  await s.recall();
  const repository = await s.agent.openRepository('primary');
  const trust = repository.trust.map((key) => ({ ...key, validUntil: '2020-01-02T00:00:00Z' }));
  await assert.rejects(recallHistory(s.agent, { ...repository, trust }, 'crm'), {
    code: 'signer-out-of-period',
  });
});

test('a copy is remembered apart from its original', async () => {
  await using s = await counted();
  await s.recall();
  await copyBackups(s.agent, 'crm', 'offsite', run);
  const copy = await recallHistory(s.agent, await s.agent.openRepository('offsite'), 'crm');
  assert.deepEqual(
    copy.backups.map(({ manifest }) => manifest.id),
    await s.ids(),
  );
});
