import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { generateIdentity } from '../../../backup-agent/keys/identities.ts';
import { connectedClient, startSourceServer } from '../../fixtures/postgres/source-fixture.ts';
import { launcherFlags, launcherEnvironment } from '../../support/launcher.ts';
import { rounds } from '../../support/scale.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const mebibyte = 1024 * 1024;
/** The promise: 256 MB in a backup; in a restore, three times the largest value besides. */
const backupMiB = 256;
const agent = join(import.meta.dirname, '../../../bench/postgres/agent.ts');

/**
 * A full on two lanes and its restore, each in a process of its own that is started as the agent is;
 * the most memory they took.
 */
async function peaks(
  server: ThrowawayServer,
  database: string,
): Promise<{ backup: number; restore: number }> {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'keys.json'), JSON.stringify(await generateIdentity()));
  const peakOf = async (way: string, url: string) => {
    const command = [...launcherFlags, agent, way, directory.path, url];
    const env = { ...process.env, ...launcherEnvironment };
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    const { peakBytes } = JSON.parse(stdout) as { peakBytes: number };
    return Math.round(peakBytes / mebibyte);
  };
  const backup = await peakOf('full', server.url(database));
  const restore = await peakOf('restore', await server.createDatabase(`${database}_restored`));
  return { backup, restore };
}

async function counted(server: ThrowawayServer, database: string, sql: string): Promise<unknown> {
  await using session = await connectedClient(server, database);
  const { rows } = await session.client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

test('rows of hundreds of megabytes take no more memory than small ones', async () => {
  await using server = await startSourceServer();
  await server.createDatabase('large');
  const rowMiB = rounds(20, 200);
  const sql = `SELECT string_agg(md5(v) || length(v), '' ORDER BY id) FROM public.large`;
  {
    await using session = await connectedClient(server, 'large');
    await session.client.query(`CREATE TABLE large (id int PRIMARY KEY, v text);
      ALTER TABLE large ALTER v SET STORAGE EXTERNAL;
      INSERT INTO large SELECT n, repeat(md5(n::text), ${(rowMiB * mebibyte) / 32})
        FROM generate_series(1, 3) n`);
  }
  const { backup, restore } = await peaks(server, 'large');
  assert.ok(backup < backupMiB, `the backup took ${backup} MiB`);
  assert.ok(restore < backupMiB + 3 * rowMiB, `the restore took ${restore} MiB`);
  assert.equal(await counted(server, 'large_restored', sql), await counted(server, 'large', sql));
});

test('thousands of tables take no more memory than a few', async () => {
  const settings = { wal_level: 'logical', max_locks_per_transaction: '1000' };
  await using server = await startSourceServer({ settings });
  await server.createDatabase('many');
  const tables = rounds(150, 10_000);
  {
    await using session = await connectedClient(server, 'many');
    await session.client.query(`DO $$ BEGIN FOR n IN 1..${tables} LOOP
      EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, v text)', n);
      EXECUTE format('INSERT INTO t%s VALUES (%s, %L)', n, n, repeat('x', n % 3000));
    END LOOP; END $$`);
  }
  const { backup, restore } = await peaks(server, 'many');
  assert.ok(backup < backupMiB, `the backup took ${backup} MiB`);
  assert.ok(restore < backupMiB, `the restore took ${restore} MiB`);
  const found = await counted(
    server,
    'many_restored',
    `SELECT count(*)::int FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
     AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM public.%I', relname),
       false, true, '')))[1]::text = '1'`,
  );
  assert.equal(found, tables);
});
