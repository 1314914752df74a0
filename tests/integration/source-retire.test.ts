import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { testInstallation } from '../support/installation.ts';

async function slotCount(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query('SELECT FROM pg_replication_slots')).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

test('a dry run says what an incremental would read; a retired source keeps no slot until it is resumed', async () => {
  await using installation = await testInstallation(2);
  const { crm, run, sql } = installation;
  const dry = async () => {
    const { stdout, stderr, exitCode } = await run('backup', 'crm-database', '--dry-run', '--json');
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout)[0];
  };
  const first = await dry();
  assert.deepEqual(
    [first.kind, first.reason],
    ['full', 'there is no full that an incremental could follow'],
  );
  assert.ok(first.tables.length > 1);
  assert.equal(await slotCount(crm.url), 0);

  assert.equal((await run('backup', 'crm-database')).exitCode, 0);
  await sql(`UPDATE crm.deals SET title = 'changed'; CREATE TABLE crm.bare AS SELECT 1 AS n`);
  const second = await dry();
  assert.deepEqual(
    [second.kind, second.backups, second.tables.map(({ name }: { name: string }) => name)],
    ['incremental', 1, ['bare']],
  );
  assert.ok(second.logBytes > 100_000);

  const retired = await run('source', 'retire', 'crm-database');
  assert.equal(retired.exitCode, 0, retired.stderr);
  assert.match(
    retired.stdout,
    /everything up to now is stored in \S+\ndropped holdfast_crm_database_/,
  );
  assert.equal(await slotCount(crm.url), 0);
  const refused = await run('backup', 'crm-database');
  assert.equal(refused.exitCode, 8, refused.stderr);
  assert.match(refused.stderr, /source-retired/);
  assert.match(refused.stderr, /holdfast source resume crm-database/);
  const again = await run('source', 'retire', 'crm-database');
  assert.equal(again.exitCode, 0, again.stderr);

  const resumed = await run('source', 'resume', 'crm-database');
  assert.equal(resumed.exitCode, 0, resumed.stderr);
  assert.equal(await slotCount(crm.url), 1);
  await sql(`UPDATE crm.deals SET title = 'after'`);
  const next = JSON.parse((await run('backup', 'crm-database', '--json')).stdout);
  assert.equal(next[0].kind, 'incremental');
});
