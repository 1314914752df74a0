import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import type { ReplayTarget } from '../../../../backup-agent/sources/postgres/changes/replay-target.ts';
import { restorePostgres } from '../../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { parseSchemaScript } from '../../../../backup-agent/sources/postgres/restore/schema-script.ts';
import { everythingKnownTo } from '../../../fixtures/postgres/everything.ts';
import { namedMoment } from '../../../fixtures/postgres/named-moment.ts';
import {
  connectedClient,
  dumpOf,
  SourceFixture,
  startSourceServer,
} from '../../../fixtures/postgres/source-fixture.ts';
import { digestTables } from '../changes/support/digest.ts';

let server: ThrowawayServer;
let source: SourceFixture;
let beforeMistake: ReplayTarget;
before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, 'origin');
  await source.query(everythingKnownTo(server));
  await source.query(`
    CREATE SCHEMA crm;
    CREATE DOMAIN crm.cents AS bigint CHECK (VALUE >= 0);
    CREATE FUNCTION crm.is_fine(t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
      AS $$ BEGIN RETURN crm.length_of(t) > 0; END $$;
    CREATE FUNCTION crm.length_of(t text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length(t)';
    CREATE FUNCTION crm.unrelated() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION crm.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE SEQUENCE crm.invoice_number;
    CREATE TABLE crm.company (id serial PRIMARY KEY, name text NOT NULL CHECK (crm.is_fine(name)));
    CREATE TABLE crm.deal (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company int REFERENCES crm.company,
      amount crm.cents DEFAULT 0, number bigint DEFAULT nextval('crm.invoice_number'),
      title public.citext);
    CREATE INDEX deal_title ON crm.deal (title); COMMENT ON INDEX crm.deal_title IS 'by title';
    COMMENT ON COLUMN crm.deal.amount IS 'in cents';
    CREATE TRIGGER touching BEFORE UPDATE ON crm.deal FOR EACH ROW EXECUTE FUNCTION crm.touch();
    COMMENT ON TRIGGER touching ON crm.deal IS 'a trigger';
    ALTER TABLE crm.deal ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_company ON crm.deal USING (company IN (SELECT id FROM crm.company));
    GRANT SELECT ON crm.deal TO reader;
    CREATE SCHEMA "two\nlines";
    CREATE TABLE "two\nlines"."a\n""b\r" ("c\nd" int PRIMARY KEY, t text);
    INSERT INTO "two\nlines"."a\n""b\r" SELECT n, 'x' FROM generate_series(1, 3) n;
    CREATE TABLE "two\nlines"."two lines" ("two\nlines" int PRIMARY KEY);
    INSERT INTO "two\nlines"."two lines" VALUES (1), (2);
    INSERT INTO crm.company (name) SELECT 'c' || n FROM generate_series(1, 50) n;
    INSERT INTO crm.deal (company, title) SELECT n, 'Deal ' || n FROM generate_series(1, 50) n`);
  await source.prepare();
  await source.backUp('full');
  await source.query(
    `UPDATE crm.deal SET amount = 5 WHERE id < 10; DELETE FROM crm.deal WHERE id = 50`,
  );
  beforeMistake = await namedMoment(source.client, 'before the mistake');
  await source.query(`DELETE FROM crm.deal; UPDATE crm.company SET name = 'x'`);
  await source.backUp('incremental');
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function restore(database: string, tables: readonly string[], options: object = {}) {
  const target = await source.target(database);
  const { chain } = source.repository;
  return await restorePostgres({ ...source.repository.run(), chain, target, tables, ...options });
}

async function rows(database: string, sql: string): Promise<unknown[]> {
  await using session = await connectedClient(server, database);
  return (await session.client.query(sql)).rows;
}

const relations = `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information)' ORDER BY 1`;

test('one table comes back at a moment, with all that is its own and nothing else', async () => {
  const result = await restore('one', ['crm.deal'], { moment: beforeMistake });
  assert.deepEqual(result.problems, [
    {
      where: 'fk constraint crm.deal deal_company_fkey',
      what: 'left out: it names crm.company, which is not restored',
    },
    {
      where: 'policy crm.deal of_company',
      what: 'left out: it names crm.company, which is not restored',
    },
  ]);
  assert.deepEqual(await rows('one', relations), [{ name: 'deal' }]);
  assert.deepEqual(
    await rows(
      'one',
      `SELECT count(*)::int AS n, count(*) FILTER (WHERE amount = 5)::int AS five,
         count(*) FILTER (WHERE title = 'DEAL 7')::int AS folded,
         nextval('crm.deal_id_seq')::int AS next, nextval('crm.invoice_number')::int AS number
       FROM crm.deal`,
    ),
    [{ n: 49, five: 9, folded: 1, next: 51, number: 51 }],
  );
  const dumped = async (database: string) => {
    const tables = ['--table=crm.deal', '--table=crm.deal_id_seq'];
    const dump = await dumpOf(server, database, '--schema-only', ...tables);
    const leftOut = new Set(['POLICY', 'FK CONSTRAINT']);
    return parseSchemaScript(dump).flatMap(({ type, sql }) => (leftOut.has(type) ? [] : [sql]));
  };
  assert.deepEqual(await dumped('one'), await dumped('origin'));
  assert.deepEqual(
    await rows('one', `SELECT proname FROM pg_proc WHERE pronamespace = 'crm'::regnamespace`),
    [{ proname: 'touch' }],
  );
});

test('a pattern restores its tables with the keys between them, and functions that others call', async () => {
  const result = await restore('several', ['crm.*'], { noOwner: true, noPrivileges: true });
  assert.deepEqual(result.problems, []);
  assert.deepEqual(await rows('several', `SELECT conname FROM pg_constraint WHERE contype = 'f'`), [
    { conname: 'deal_company_fkey' },
  ]);
  assert.deepEqual(
    await rows(
      'several',
      `SELECT proname FROM pg_proc WHERE pronamespace = 'crm'::regnamespace ORDER BY 1`,
    ),
    [{ proname: 'is_fine' }, { proname: 'length_of' }, { proname: 'touch' }],
  );
});

test('a partitioned table brings its partitions; a child brings the shape of its parent', async () => {
  await restore('parts', ['public.parted']);
  const parted = await rows(
    'parts',
    'SELECT tableoid::regclass::text, * FROM public.parted ORDER BY id',
  );
  assert.deepEqual(
    parted,
    await rows('origin', 'SELECT tableoid::regclass::text, * FROM public.parted ORDER BY id'),
  );
  assert.ok(parted.length > 0);
});

test('every single table of a database that has everything can be restored by itself', async () => {
  const tables = (await source.query(`SELECT nspname AS schema, relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname !~ '^(pg_|information)' AND NOT relispartition
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2`)) as { schema: string; name: string }[];
  assert.ok(tables.length > 15);
  await using origin = await connectedClient(server, 'origin');
  const expected = await digestTables(origin.client);
  await server.createDatabase('single');
  await using single = await connectedClient(server, 'single');
  for (const { schema, name } of tables) {
    const key = `"${schema.replaceAll('"', '""')}"."${name.replaceAll('"', '""')}"`;
    await restore('single', [`${schema}.${name}`]);
    assert.equal((await digestTables(single.client))[key], expected[key], key);
    await single.client.query(`DO $$ DECLARE s text; BEGIN
      FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'
      LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP; CREATE SCHEMA public; END $$`);
  }
});

test('a table whose name and schema have line breaks comes back by itself, with its rows and key', async () => {
  const report = await restore('line-breaks', ['two\nlines.a*']);
  assert.deepEqual(report.tables, [{ schema: 'two\nlines', name: 'a\n"b\r' }]);
  assert.deepEqual(
    await rows(
      'line-breaks',
      `SELECT count(*)::int AS rows, (SELECT count(*)::int FROM pg_index
         WHERE indisprimary AND indrelid = '"two\nlines"."a\n""b\r"'::regclass) AS keys
       FROM "two\nlines"."a\n""b\r"`,
    ),
    [{ rows: 3, keys: 1 }],
  );
  const spaced = await restore('spaces', ['two\nlines.two lines']);
  assert.deepEqual(spaced.tables, [{ schema: 'two\nlines', name: 'two lines' }]);
  assert.equal((await rows('spaces', 'SELECT FROM "two\nlines"."two lines"')).length, 2);
});

test('a table goes back into the database that lost it, and the others are not touched', async () => {
  await restore('live', ['crm.*']);
  await using live = await connectedClient(server, 'live');
  await live.client.query(`DROP TABLE crm.deal; UPDATE crm.company SET name = 'still here';
    SELECT setval('crm.invoice_number', 1000)`);
  const { problems, kept } = await restore('live', ['crm.deal'], {
    moment: beforeMistake,
  });
  assert.equal(problems.length, 2);
  assert.ok(kept.includes('domain crm.cents'), kept.join());
  assert.deepEqual(
    await rows(
      'live',
      `SELECT (SELECT count(*)::int FROM crm.deal) AS deals, nextval('crm.invoice_number')::int AS number,
         (SELECT count(*)::int FROM crm.company WHERE name = 'still here') AS companies`,
    ),
    [{ deals: 49, number: 1001, companies: 50 }],
  );
  await live.client.query(`ALTER TABLE crm.deal RENAME TO deal_old`);
  await assert.rejects(restore('live', ['crm.deal']), (error) => {
    assert.ok(isHoldfastError(error, 'target-not-empty'));
    assert.match(
      error.message,
      /holds "crm"\."deal_id_seq", "crm"\."deal_pkey", "crm"\."deal_title"/,
    );
    return true;
  });
});

test('a pattern that fits nothing is refused before anything is made', async () => {
  await assert.rejects(restore('nothing', ['crm.deels']), (error) => {
    assert.ok(isHoldfastError(error, 'usage-invalid'));
    assert.match(error.message, /no table of the backup fits crm\.deels/);
    return true;
  });
  assert.deepEqual(await rows('postgres', `SELECT FROM pg_database WHERE datname = 'nothing'`), []);
});
