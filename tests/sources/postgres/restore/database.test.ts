import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { openTarget } from '../../../../backup-agent/sources/postgres/restore/open-target.ts';
import { previewRestore } from '../../../../backup-agent/sources/postgres/restore/preview.ts';
import type { RestoreOptions } from '../../../../backup-agent/sources/postgres/restore/restore-options.ts';
import { restorePostgres } from '../../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import {
  connectedClient,
  dumpOf,
  never,
  SourceFixture,
  startSourceServer,
} from '../../../fixtures/postgres/source-fixture.ts';

/** A name that has to be quoted everywhere. */
const name = `crm "live"; -- 库`;
const quoted = `"${name.replaceAll('"', '""')}"`;

let server: ThrowawayServer;
let source: SourceFixture;
before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, name);
  await source.query(`
    CREATE ROLE "App Owner"; CREATE ROLE reader; CREATE ROLE plain CREATEDB LOGIN;
    CREATE TABLE t (id int PRIMARY KEY);
    ALTER DATABASE ${quoted} SET search_path = '$user', "Crm, main", public;
    ALTER DATABASE ${quoted} SET default_transaction_read_only = on;
    ALTER DATABASE ${quoted} SET crm.tenant = E'it''s\\n\\\\';
    ALTER ROLE reader IN DATABASE ${quoted} SET work_mem = '5MB';
    COMMENT ON DATABASE ${quoted} IS 'of the sales team''s';
    ALTER DATABASE ${quoted} CONNECTION LIMIT 77;
    ALTER DATABASE ${quoted} OWNER TO "App Owner";
    REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${quoted} TO reader WITH GRANT OPTION`);
  await source.query('SET default_transaction_read_only = off');
  await source.prepare();
  await source.backUp('full');
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function options(
  database: string,
  others: Partial<RestoreOptions> = {},
): Promise<RestoreOptions> {
  const target = await source.target(database);
  return { ...source.repository.run(), chain: source.repository.chain, target, ...others };
}

async function restore(database: string, others: Partial<RestoreOptions> = {}) {
  return await restorePostgres(await options(database, others));
}

/** Everything that pg_dump says of a database, with its name taken out. */
async function described(database: string): Promise<string> {
  const dump = await dumpOf(server, database, '--create', '--schema-only', '--no-publications');
  return dump
    .replaceAll(`"${database.replaceAll('"', '""')}"`, 'DB')
    .replaceAll(database, 'DB')
    .replaceAll(/^.*PUBLICATION[^;]*;$/gm, '')
    .replaceAll(/^\\(connect|encoding) .*\n/gm, '');
}

test('a database that the restore creates gets its owner, settings, comment, limit and grants, though it was killed before', async () => {
  const { progress } = source.repository.run();
  const step = (title: string) => {
    if (title === 'analyze') throw new Error('killed');
  };
  await assert.rejects(restore('copy', { progress: { ...progress, step } }), /killed/);
  const { notApplied, problems, resumed } = await restore('copy');
  assert.deepEqual([notApplied, problems, resumed], [[], [], true]);
  assert.equal(await described('copy'), await described(name));
});

test('what changes after the full comes along with the next incremental', async () => {
  await source.query(`ALTER DATABASE ${quoted} SET crm.tenant = 'other';
    COMMENT ON DATABASE ${quoted} IS 'moved'; GRANT TEMPORARY ON DATABASE ${quoted} TO reader`);
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
  await restore('later');
  assert.equal(await described('later'), await described(name));
  await source.backUp('incremental');
  await restore('latest');
  assert.equal(await described('latest'), await described(name));
});

test('a database that was there is left as it is, and what differs is said with its statement', async () => {
  await server.createDatabase('there');
  const before = await described('there');
  const { leftOut } = await previewRestore(await options('there'));
  const { notApplied } = await restore('there');
  const statements = notApplied.map(({ what }) => what);
  const withheld = `ALTER DATABASE "there" SET "crm.tenant" TO …`;
  assert.deepEqual(
    leftOut.filter((text) => statements.some((what) => text.endsWith(what))).length,
    statements.length,
  );
  for (const expected of [
    `ALTER DATABASE "there" SET "search_path" TO '$user', 'Crm, main', 'public'`,
    `ALTER ROLE "reader" IN DATABASE "there" SET "work_mem" TO '5MB'`,
    `ALTER DATABASE "there" OWNER TO "App Owner"`,
    `COMMENT ON DATABASE "there" IS 'moved'`,
    `REVOKE ALL ON DATABASE "there" FROM PUBLIC`,
    // An application's own setting may be a secret.
    withheld,
  ])
    assert.ok(statements.includes(expected), `${expected}\nnot in\n${statements.join('\n')}`);
  // Of a server before version 15, a dump says what the schema public grants, too.
  const databaseItself = (dump: string) =>
    dump.split(
      /(?:--\n)?-- (?:PostgreSQL database dump complete|Name: SCHEMA public; Type: ACL)|SET default_tablespace/,
    )[0];
  assert.equal(databaseItself(await described('there')), databaseItself(before));

  // Once they were run, nothing differs any more.
  await using admin = await connectedClient(server, 'there');
  const tenant = withheld.replace('…', `'other'`);
  for (const statement of statements)
    await admin.client.query(statement === withheld ? tenant : statement);
  await admin.client.query('SET default_transaction_read_only = off; DROP TABLE public.t');
  assert.deepEqual((await restore('there')).notApplied, []);
});

test('owner, grants and names of roles follow what was asked for', async () => {
  const bare = await restore('bare', { noOwner: true, noPrivileges: true });
  assert.deepEqual(bare.notApplied, []);
  const roleMapping = { 'App Owner': 'plain', reader: 'plain' };
  const mapped = await restore('mapped', { roleMapping });
  assert.deepEqual(mapped.notApplied, []);
  const rows = await source.query(`SELECT datname, pg_get_userbyid(datdba) AS owner,
    has_database_privilege('reader', oid, 'CONNECT') AS reads, (SELECT max(rolname)
      FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE setdatabase = d.oid) AS set
    FROM pg_database d WHERE datname IN ('bare', 'mapped') ORDER BY 1`);
  assert.deepEqual(rows, [
    { datname: 'bare', owner: 'postgres', reads: true, set: 'reader' },
    { datname: 'mapped', owner: 'plain', reads: false, set: 'plain' },
  ]);
});

test('what a plain role may not give is said with its statement, and the rest is given', async () => {
  await source.query(`ALTER DATABASE ${quoted} SET log_statement = 'all'`);
  await source.backUp('full');
  const target = await source.target('by_plain');
  const { notApplied } = await restore('by_plain', {
    target: { ...target, user: 'plain' },
    noOwner: true,
    noPrivileges: true,
  });
  const refused = notApplied.map(({ where }) => where);
  assert.deepEqual(refused, [
    'setting crm.tenant of the database',
    'setting log_statement of the database',
    'setting work_mem of role reader of the database',
  ]);
  assert.match(notApplied[1]?.what ?? '', /ALTER DATABASE "by_plain" SET "log_statement"/);
  const [row] = await source.query(`SELECT datconnlimit AS connections,
    shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = 'by_plain'`);
  assert.deepEqual(row, { connections: 77, comment: 'moved' });
});

test('a new database sorts by the same provider, or that is said', async () => {
  const { majorVersion } = server;
  const facts = { version: `${majorVersion}`, majorVersion, database: name, encoding: 'UTF8' };
  // Before version 15 there is one provider alone, and no backup of a newer server comes here.
  const icu = { provider: 'icu', name: 'de-u-kn-true' } as const;
  const libc = { provider: 'libc' } as const;
  for (const [database, locale, collate, problems] of [
    ...(majorVersion < 15 ? [] : [['by_icu', icu, 'C.UTF-8', 0] as const]),
    ['by_libc', libc, 'C.UTF-8', 0],
    ['by_none', libc, 'xx_XX.UTF-8', 1],
  ] as const) {
    const target = await source.target(database);
    const like = { ...facts, collate, ctype: collate };
    const opened = await openTarget(target, { server: like, locale }, never, async () => undefined);
    await opened.session[Symbol.asyncDispose]();
    assert.equal(opened.created, true);
    assert.equal(opened.problems.length, problems, database);
  }
  // As JSON, since the columns have other names in other versions.
  const rows = await source.query(`SELECT row ->> 'datlocprovider' AS p,
      coalesce(row ->> 'datlocale', row ->> 'daticulocale') AS l
    FROM pg_database d, LATERAL (SELECT to_jsonb(d) AS row) j
    WHERE datname IN ('by_icu', 'by_libc') ORDER BY datname`);
  const expected = [
    { p: 'i', l: 'de-u-kn-true' },
    { p: 'c', l: null },
  ];
  assert.deepEqual(rows, majorVersion < 15 ? [{ p: null, l: null }] : expected);
});

test('roles and extensions that the schema came to need after the full are asked for before anything is written', async () => {
  await source.query('CREATE ROLE late; ALTER TABLE t OWNER TO late; CREATE EXTENSION hstore');
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
  await source.query('ALTER ROLE late RENAME TO renamed');
  await assert.rejects(restore('needy'), /the target lacks what the backup needs: role late/);
  assert.deepEqual(await source.query(`SELECT FROM pg_database WHERE datname = 'needy'`), []);
  const { inventory } = await restore('needy', { roles: 'create' });
  assert.ok(inventory.extensions.some((extension) => extension.name === 'hstore'));
});
