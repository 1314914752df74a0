import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { restorePostgres } from '../../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { everythingKnownTo } from '../../../fixtures/postgres/everything.ts';
import { namedMoment } from '../../../fixtures/postgres/named-moment.ts';
import {
  connectedClient,
  dumpOf,
  SourceFixture,
  startSourceServer,
} from '../../../fixtures/postgres/source-fixture.ts';
import { digestTables } from './support/digest.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

const activate = ['publications', 'event triggers'] as const;

async function restoreInto(source: SourceFixture, database: string, options: object = {}) {
  await server.createDatabase(database);
  const target = await source.target(database);
  const run = source.repository.run();
  return await restorePostgres({ ...run, target, activate, ...options });
}

/** Rows of every table, large objects and the whole schema are the same. */
async function assertSame(copy: string, original: string): Promise<void> {
  await using restored = await connectedClient(server, copy);
  await using source = await connectedClient(server, original);
  for (const { client } of [restored, source]) await client.query(`SET search_path = ''`);
  assert.deepEqual(await digestTables(restored.client), await digestTables(source.client));
  const objects = `SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid`;
  const found = await restored.client.query(objects);
  assert.deepEqual(found.rows, (await source.client.query(objects)).rows);
  const schema = '--schema-only';
  assert.equal(await dumpOf(server, copy, schema), await dumpOf(server, original, schema));
}

test('a database that has everything, changed and migrated, comes back from its chain', async () => {
  await using source = await SourceFixture.create(server, 'everything');
  await source.query(everythingKnownTo(server));
  await source.prepare();
  await source.backUp('full');
  await source.query(`
    UPDATE public.parent SET b = b || '!';
    INSERT INTO public.no_key VALUES (77, 'late');
    UPDATE public.no_key SET b = 'changed' WHERE a <> 77;
    INSERT INTO public.unlogged VALUES (4242);
    INSERT INTO public.parted VALUES (55, 'eu', 'new'), (66, 'mars', 'new');
    UPDATE public.parted SET region = 'moon' WHERE id = 55;
    INSERT INTO public.whole_row VALUES (1, 'twice'), (1, 'twice');
    INSERT INTO public.serial_table DEFAULT VALUES;
    INSERT INTO public.no_columns DEFAULT VALUES;
    DELETE FROM public.all_types;
    SELECT lo_unlink(4712); SELECT lo_from_bytea(4713, 'new one');`);
  assert.deepEqual(
    (await source.backUp('incremental')).map(({ kind, problems }) => ({ kind, problems })),
    [{ kind: 'incremental', problems: [] }],
  );
  await restoreInto(source, 'after_changes');
  await assertSame('after_changes', 'everything');

  const moment = await namedMoment(source.client, 'before the migration');
  await source.query(`
    INSERT INTO public.parent VALUES (900, 'then');
    ALTER TABLE public.parent ADD COLUMN added integer DEFAULT 5;
    ALTER TABLE public.hen RENAME TO rooster;
    CREATE TABLE public.fresh (id integer PRIMARY KEY, v text);
    INSERT INTO public.fresh VALUES (1, 'x'); UPDATE public.fresh SET v = 'y';
    DROP TABLE public.dropped_column CASCADE;
    CREATE FUNCTION public.added() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    INSERT INTO public.parent VALUES (901, 'now', 6);`);
  assert.equal((await source.backUp('incremental'))[0]?.kind, 'incremental');
  await restoreInto(source, 'after_migration');
  await assertSame('after_migration', 'everything');

  const result = await restoreInto(source, 'before_migration', { moment });
  await using restored = await connectedClient(server, 'before_migration');
  const parent = await restored.client.query('SELECT * FROM public.parent WHERE a >= 900');
  assert.deepEqual(parent.rows, []);
  assert.ok(result.inexact.some(({ name }) => name === 'parent'));
  await using after = await connectedClient(server, 'after_changes');
  assert.deepEqual(await digestTables(restored.client), await digestTables(after.client));
});

test('left-out tables are neither followed nor copied', async () => {
  await using source = await SourceFixture.create(server, 'partial');
  await source.query(`
    CREATE TABLE kept (id integer PRIMARY KEY, v text);
    CREATE TABLE audit_log (v text); CREATE TABLE cache (id integer PRIMARY KEY, v text);
    INSERT INTO kept VALUES (1, 'a'); INSERT INTO cache VALUES (1, 'a');`);
  source.configuration = {
    ...source.configuration,
    excludeTables: ['audit_*'],
    excludeData: ['cache'],
  };
  await source.prepare();
  await source.backUp('full');
  await source.query(`
    INSERT INTO kept VALUES (2, 'b'); INSERT INTO cache VALUES (2, 'b'); UPDATE cache SET v = 'c';
    INSERT INTO audit_log VALUES ('x')`);
  assert.equal((await source.backUp('incremental'))[0]?.kind, 'incremental');
  await restoreInto(source, 'partial_copy');
  await using restored = await connectedClient(server, 'partial_copy');
  const counts = await restored.client.query(
    `SELECT (SELECT count(*)::int FROM kept) AS kept, (SELECT count(*)::int FROM cache) AS cache,
       to_regclass('audit_log') AS audit`,
  );
  assert.deepEqual(counts.rows, [{ kept: 2, cache: 0, audit: null }]);
  const left = await restored.client.query(
    `SELECT FROM pg_namespace WHERE nspname = 'holdfast_restore'`,
  );
  assert.equal(left.rowCount, 0);
});
