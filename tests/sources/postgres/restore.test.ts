import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { restorePostgres } from '../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { resolveTarget } from '../../../backup-agent/sources/postgres/connection-target.ts';
import { embeddedServer } from '../../../backup-agent/tools/embedded-postgres.ts';
import {
  connectedClient,
  environment,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
let source: SourceFixture;
before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, 'origin');
  await source.query(`CREATE ROLE owner_x NOLOGIN; CREATE EXTENSION hstore;
    CREATE TABLE plain (id int PRIMARY KEY, v text); INSERT INTO plain VALUES (1, 'a'), (2, 'b');
    CREATE TABLE owned (id int PRIMARY KEY); ALTER TABLE owned OWNER TO owner_x;
    CREATE TABLE with_hstore (id int PRIMARY KEY, h hstore);
    CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
    CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user 'x', password 'hunter2');
    CREATE FOREIGN TABLE remote (id int) SERVER far`);
  await source.prepare();
  await source.backUp('full');
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function restoreInto(database: string, options: object = {}) {
  const target = await source.target(database);
  const { chain } = source.repository;
  return await restorePostgres({ ...source.repository.run(), chain, target, ...options });
}

for (const [what, sql] of Object.entries({
  'a table': 'CREATE TABLE x (id int)',
  'a view': 'CREATE VIEW x AS SELECT 1',
  'a sequence': 'CREATE SEQUENCE x',
  'a function': `CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  'a type': `CREATE TYPE x AS ENUM ('a')`,
  'a schema': 'CREATE SCHEMA x',
  'a large object': 'SELECT lo_create(99)',
})) {
  test(`a target that holds ${what} is refused and not touched`, async () => {
    await server.createDatabase('occupied');
    {
      await using session = await connectedClient(server, 'occupied');
      await session.client.query(sql);
    }
    await assert.rejects(restoreInto('occupied'), (error) =>
      isHoldfastError(error, 'target-not-empty'),
    );
    await server.dropDatabase('occupied');
  });
}

test('a user mapping of a foreign server, and its password, is left out and listed', async () => {
  await server.createDatabase('fdw');
  const { neutralised } = await restoreInto('fdw');
  assert.ok(neutralised.some(({ kind }) => kind === 'foreign servers'));
  await using session = await connectedClient(server, 'fdw');
  const { rows } = await session.client.query(
    `SELECT (SELECT count(*)::int FROM pg_user_mappings) AS mappings,
       (SELECT count(*)::int FROM pg_foreign_table) AS tables`,
  );
  assert.deepEqual(rows, [{ mappings: 0, tables: 1 }]);
});

test('a newer server without the extensions and roles: each is named before anything is written', async (t) => {
  const binaries = await embeddedServer();
  if (!binaries || binaries.majorVersion <= server.majorVersion) {
    t.skip('no newer server on this platform');
    return;
  }
  await using newer = await startSourceServer({ binaries });
  const url = await newer.createDatabase('bare');
  const target = await resolveTarget({ url, environment });
  const { chain } = source.repository;
  const run = source.repository.run();
  await assert.rejects(restorePostgres({ ...run, chain, target }), (error) => {
    assert.ok(isHoldfastError(error, 'target-unsuitable'));
    assert.ok(error.problems.some(({ where }) => where === 'role owner_x'));
    return true;
  });
  await using session = await connectedClient(newer, 'bare');
  const relations = `SELECT count(*)::int AS n FROM pg_class WHERE oid >= 16384`;
  assert.deepEqual((await session.client.query(relations)).rows, [{ n: 0 }]);
  // Asked to make the roles and do without the extensions, it restores what can be.
  const result = await restorePostgres({
    ...run,
    chain,
    target,
    roles: 'create',
    skipExtensions: ['hstore', 'postgres_fdw'],
  });
  const { rows } = await session.client.query('SELECT id, v FROM public.plain ORDER BY id');
  assert.deepEqual(rows, [
    { id: 1, v: 'a' },
    { id: 2, v: 'b' },
  ]);
  if (result.skippedExtensions.includes('hstore'))
    assert.ok(result.problems.some(({ where }) => where.includes('with_hstore')));
});

test('an older server is refused by name', async () => {
  const newer = source.repository.chain.map((backup) => ({
    ...backup,
    readMeta: async (name: string, signal: AbortSignal) => {
      const parts: Uint8Array[] = [];
      for await (const part of await backup.readMeta(name, signal)) parts.push(part);
      const text = Buffer.concat(parts).toString('utf8');
      const claim = (match: string) => (name === 'inventory.json' ? '"majorVersion":99' : match);
      return (async function* () {
        yield Buffer.from(text.replace(/"majorVersion":\d+/, claim));
      })();
    },
  }));
  await server.createDatabase('older');
  await assert.rejects(restoreInto('older', { chain: newer }), (error) => {
    assert.ok(isHoldfastError(error, 'target-unsuitable'));
    assert.match(error.message, /older than the 99/);
    return true;
  });
});

test('a restore that fails half-way names the object', async () => {
  const broken = source.repository.chain.map((backup) => ({
    ...backup,
    readObject: async (name: string, signal: AbortSignal) => {
      if (!name.startsWith('table-')) return await backup.readObject(name, signal);
      return (async function* () {
        yield Buffer.from('not a number\tat all\n');
      })();
    },
  }));
  await server.createDatabase('halfway');
  await assert.rejects(restoreInto('halfway', { chain: broken }), (error) => {
    assert.ok(isHoldfastError(error, 'restore-failed'));
    assert.match(error.message, /^rows of "public"\."\w+": /);
    return true;
  });
});
