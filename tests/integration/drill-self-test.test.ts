import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { testInstallation } from '../support/installation.ts';

test('the self-test catches every break, on a chain with incrementals, and leaves the repository alone', async () => {
  await using installation = await testInstallation(4);
  const { directory, identityFile, run, sql } = installation;
  await sql(`CREATE TABLE crm.stages (id integer PRIMARY KEY, name text);
    INSERT INTO crm.stages VALUES (1, 'offen'), (2, '完成')`);
  const { url } = installation.crm;
  const prepared = await run('source', 'prepare', 'crm-database', '--admin', url, '--apply');
  assert.equal(prepared.exitCode, 0, prepared.stderr);
  assert.equal((await run('backup', 'crm')).exitCode, 0);
  for (const n of [3001, 3002]) {
    await sql(`INSERT INTO crm.deals (id, title) VALUES (${n}, 'new')`);
    const backup = await run('backup', 'crm');
    assert.equal(backup.exitCode, 0, backup.stderr);
  }
  const stored = async () =>
    (await readdir(join(directory, 'primary'), { recursive: true })).toSorted();
  const before = await stored();
  const { exitCode, stdout, stderr } = await run(
    'drill',
    'crm-database',
    '--self-test',
    '--identity',
    identityFile,
    '--json',
  );
  assert.equal(exitCode, 0, stderr + stdout);
  const { results } = JSON.parse(stdout);
  const outcomes = Object.fromEntries(
    results.map(({ broken, outcome }: { broken: string; outcome: string }) => [broken, outcome]),
  );
  assert.deepEqual(outcomes, {
    nothing: 'passed',
    'a flipped byte': 'caught',
    'a missing object': 'caught',
    'a missing incremental': 'caught',
    'swapped tables': 'caught',
    'a dropped row': 'caught',
    'a stale attachment': 'caught',
    'an unsigned manifest': 'caught',
  });
  const toldBy = Object.fromEntries(
    results.map(({ broken, by }: { broken: string; by: string[] }) => [broken, by]),
  );
  assert.deepEqual(toldBy['a stale attachment'], ['every attachment row has its file']);
  assert.deepEqual(toldBy['an unsigned manifest'], ['signature-missing']);
  assert.ok(toldBy['a dropped row'].includes('tables hold what was backed up'), stdout);
  assert.deepEqual(await stored(), before, 'the repository is as it was');
});
