import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { digestTable } from '../../../backup-agent/sources/postgres/copy-out.ts';
import {
  connect,
  type PostgresSession,
} from '../../../backup-agent/sources/postgres/connection.ts';
import { readInventory } from '../../../backup-agent/sources/postgres/inventory.ts';
import {
  restorePostgres,
  type RestoreResult,
} from '../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { everythingKnownTo } from '../../fixtures/postgres/everything.ts';
import {
  dumpOf,
  never,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
let source: SourceFixture;

before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, 'everything');
  await source.query(everythingKnownTo(server));
  await source.prepare();
  await source.backUp('full');
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function restoreInto(database: string, options: object = {}) {
  await server.createDatabase(database);
  const target = await source.target(database);
  const { chain } = source.repository;
  return await restorePostgres({ ...source.repository.run(), chain, target, ...options });
}

test('a database that has everything comes back as pg_dump sees it', async () => {
  const activate = ['publications', 'event triggers'] as const;
  const result = await restoreInto('same', { activate });
  assert.deepEqual(result.problems, []);
  assert.deepEqual(result.neutralised, []);
  assert.equal(await dumpOf(server, 'same'), await dumpOf(server, 'everything'));
});

suite('restored as it stands', () => {
  let result: RestoreResult;
  let session: PostgresSession;
  before(async () => {
    result = await restoreInto('plain');
    session = await connect(await source.target('plain'), { signal: never });
  });
  after(() => session[Symbol.asyncDispose]());
  const query = async (sql: string): Promise<unknown[]> => (await session.client.query(sql)).rows;

  test('every table has the rows and the digest that were taken at backup time', async () => {
    const [full] = source.repository.chain;
    assert.ok(full);
    const { tables } = await readInventory(full, never);
    for (const table of tables) {
      const { rows, digest } = await digestTable(session.client, table);
      assert.deepEqual({ rows, digest }, { rows: table.rows, digest: table.digest }, table.name);
    }
    assert.ok(tables.some((table) => table.name === 'all_types' && table.rows === 3));
  });

  test('what would act by itself is left out and listed', async () => {
    assert.deepEqual(result.neutralised.map(({ kind, name }) => `${kind}: ${name}`).toSorted(), [
      'event triggers: watch_ddl',
      'publications: elsewhere',
      'publications: holdfast_crm_all',
      'publications: holdfast_crm_keyed',
    ]);
    assert.deepEqual(
      await query(
        'SELECT evtname FROM pg_event_trigger UNION ALL SELECT pubname FROM pg_publication',
      ),
      [],
    );
  });

  test('sequences go on where they stood', async () => {
    assert.deepEqual(
      await query(
        `SELECT nextval('public."Seq ''ünce''"')::text AS called,
           nextval('public.never_called')::text AS fresh,
           nextval('public.serial_table_id_seq')::text AS serial`,
      ),
      [{ called: '24', fresh: '42', serial: '8' }],
    );
  });

  test('large objects come back under their own numbers, with content and owner', async () => {
    assert.deepEqual(
      await query(
        `SELECT oid::text, pg_get_userbyid(lomowner) AS owner, length(lo_get(oid)) AS bytes,
           md5(lo_get(oid)) = md5(convert_to(repeat('大对象', 300000), 'UTF8')) AS same
         FROM pg_largeobject_metadata ORDER BY oid`,
      ),
      [
        { oid: '4711', owner: 'postgres', bytes: 2_700_000, same: true },
        { oid: '4712', owner: 'reader', bytes: 0, same: false },
      ],
    );
  });
});

test('without owners and privileges everything belongs to the restoring role', async () => {
  await restoreInto('mine', { noOwner: true, noPrivileges: true });
  const dump = await dumpOf(server, 'mine');
  assert.doesNotMatch(dump, /OWNER TO (?!postgres;)/);
  // A dump of a server before version 15 says what every database there grants to all.
  const grants = /^GRANT.*/gm;
  assert.deepEqual(dump.match(grants), (await dumpOf(server, 'template1')).match(grants));
});

test('roles are renamed where owners, grants and policies name them, and nowhere else', async () => {
  await source.query('CREATE ROLE renamed NOLOGIN');
  await restoreInto('mapped', { roleMapping: { reader: 'renamed', 'Wärter "x"': 'renamed' } });
  const dump = await dumpOf(server, 'mapped');
  assert.match(dump, /CREATE POLICY only_ours ON public.guarded FOR SELECT TO renamed/);
  assert.match(dump, /ALTER TABLE public.by_index OWNER TO renamed;/);
  assert.match(dump, /GRANT SELECT ON TABLE public.no_key TO renamed WITH GRANT OPTION;/);
  assert.ok(!/ TO reader;|Wärter/.test(dump));
});
