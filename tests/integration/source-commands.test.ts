import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { startThrowawayServer } from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import { findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import { writeInstallation } from '../../rehearsal/configuration.ts';
import { holdfast } from '../support/holdfast.ts';
import { testInstallation } from '../support/installation.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

async function firstRow(url: string, query: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows[0] ?? {};
  } finally {
    await client.end();
  }
}

test('a marker is restored to, in a database that is created for it, and nothing that came after it', async () => {
  await using installation = await testInstallation(2);
  const { identityFile, run, sql } = installation;
  assert.equal((await run('backup', 'crm-database')).exitCode, 0);
  await sql(`UPDATE crm.deals SET title = 'right' WHERE id = 1`);
  const marked = await run('mark', 'crm-database', "before O'Brien 迁移");
  assert.match(marked.stdout, /marked before O'Brien 迁移 at LSN/, marked.stderr);
  await sql(`UPDATE crm.deals SET title = 'wrong'; DELETE FROM crm.deals WHERE id > 100`);
  assert.equal((await run('backup', 'crm-database')).exitCode, 0);

  await using server = await startThrowawayServer({
    binaries: await findServerBinaries({ searchPath: process.env['PATH'] }),
  });
  const url = server.url('restored');
  const moment = ['--mark', "before O'Brien 迁移", '--identity', identityFile];
  const rights = ['--no-owner', '--no-privileges'];
  const restored = await run('restore', 'crm-database', '--to', url, ...moment, ...rights);
  assert.equal(restored.exitCode, 0, restored.stderr + restored.stdout);
  const counts = `SELECT count(*)::int AS deals, count(*) FILTER (WHERE title = 'right')::int AS marked,
    count(*) FILTER (WHERE title = 'wrong')::int AS later FROM crm.deals`;
  assert.deepEqual(await firstRow(url, counts), { deals: 2000, marked: 1, later: 0 });

  const again = await run('restore', 'crm-database', '--to', url, '--identity', identityFile);
  assert.equal(again.exitCode, 12, again.stderr);
  assert.match(again.stderr, /target-not-empty/);

  const tables = ['--table', 'crm.de*', '--map-role', 'postgres=clerk', '--create-roles'];
  const some = await run(
    'restore',
    'crm-database',
    '--to',
    server.url('some'),
    ...tables,
    ...moment,
  );
  assert.equal(some.exitCode, 0, some.stderr + some.stdout);
  assert.match(some.stdout, /; the first commit left out is of 20/);
  const owner = `SELECT (SELECT tableowner FROM pg_tables WHERE schemaname = 'crm') AS owner,
    count(*)::int AS deals, count(*) FILTER (WHERE title = 'right')::int AS marked FROM crm.deals`;
  assert.deepEqual(await firstRow(server.url('some'), owner), {
    owner: 'clerk',
    deals: 2000,
    marked: 1,
  });
  for (const wrong of [
    ['--map-role', 'postgres'],
    ['--lanes', '0'],
    ['--activate', 'everything'],
  ]) {
    const refused = await run('restore', 'crm-database', '--to', server.url('wrong'), ...wrong);
    assert.equal(refused.exitCode, 2, refused.stderr);
  }
});

test('a forgotten source keeps no slot, and its next backup is a full', async () => {
  await using installation = await testInstallation(2);
  const { crm, run } = installation;
  const slots = 'SELECT count(*)::int AS count FROM pg_replication_slots';
  assert.equal((await run('backup', 'crm-database')).exitCode, 0);
  assert.deepEqual(await firstRow(crm.url, slots), { count: 1 });
  const forgotten = await run('source', 'forget', 'crm-database');
  assert.equal(forgotten.exitCode, 0, forgotten.stderr);
  assert.match(forgotten.stdout, /^dropped holdfast_crm_database_/);
  assert.deepEqual(await firstRow(crm.url, slots), { count: 0 });
  const next = await run('backup', 'crm-database', '--json');
  assert.equal(next.exitCode, 0, next.stderr);
  const [manifest] = JSON.parse(next.stdout);
  assert.equal(manifest.kind, 'full');
  assert.match(manifest.reason, /slot/);
});

test('a moment without its zone, and two moments at once, are refused', async () => {
  await using directory = await temporaryDirectory();
  const crm = { url: 'postgres://nobody@localhost/none', folder: directory.path };
  const { configFile } = await writeInstallation(directory.path, crm, () => new Date());
  const target = ['--config', configFile, 'restore', 'crm-database', '--to', crm.url];
  for (const moment of [
    ['--at', '2026-11-22 21:05'],
    ['--at', 'yesterday'],
    ['--lsn', '0/1', '--mark', 'x'],
  ]) {
    const { exitCode, stderr } = await holdfast([...target, ...moment]);
    assert.equal(exitCode, 2, stderr);
  }
});
