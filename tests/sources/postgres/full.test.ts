import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { HoldfastError, isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { readInventory } from '../../../backup-agent/sources/postgres/inventory.ts';
import { restorePostgres } from '../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { dropOtherSlots, guardSlots } from '../../../backup-agent/sources/postgres/slots.ts';
import { resolveSetup } from '../../../backup-agent/sources/postgres/source.ts';
import type { BackupWriter, ByteStream } from '../../../backup-agent/sources/source.ts';
import {
  connectedClient,
  environment,
  job,
  never,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer();
});
after(() => server[Symbol.asyncDispose]());

async function slots(source: SourceFixture): Promise<string[]> {
  const rows = await source.query(
    'SELECT slot_name FROM pg_replication_slots WHERE database = current_database() ORDER BY 1',
  );
  return rows.map((row) => String(row['slot_name']));
}

async function restored(source: SourceFixture, database: string, sql: string): Promise<unknown[]> {
  await server.createDatabase(database);
  const target = await source.target(database);
  const { chain } = source.repository;
  await restorePostgres({ ...source.repository.run(), chain, target });
  await using session = await connectedClient(server, database);
  const { rows } = await session.client.query(sql);
  await server.dropDatabase(database).catch(() => undefined);
  return rows;
}

/** Runs a full and calls back before each object is stored, or as soon as its snapshot is there. */
async function fullWith(
  source: SourceFixture,
  beforeObject: (name: string) => Promise<void>,
  inSnapshot: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const run = source.repository.run();
  const begin = async (kind: 'full' | 'incremental' | 'differential'): Promise<BackupWriter> => {
    const writer = await run.begin(kind);
    await inSnapshot();
    const inner = writer.writeObject.bind(writer);
    return Object.assign(writer, {
      writeObject: async (name: string, bytes: ByteStream) => {
        await beforeObject(name);
        return await inner(name, bytes);
      },
    });
  };
  for await (const backup of source.source().backup({ ...run, requested: 'full', begin }))
    await source.repository.commit(backup);
}

test('all tables of a full are of one moment, whatever is written meanwhile', async () => {
  await using source = await SourceFixture.create(server, 'moment');
  await source.query(`CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
    INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)`);
  await source.prepare();
  await fullWith(source, async (name) => {
    if (name.startsWith('table-'))
      await source.query(`BEGIN; INSERT INTO a SELECT max(id) + 1 FROM a;
        INSERT INTO b SELECT max(id) + 1 FROM b; COMMIT`);
  });
  const rows = await restored(source, 'moment_r', 'SELECT * FROM a UNION ALL SELECT * FROM b');
  assert.deepEqual(rows, [{ id: 1 }, { id: 1 }]);
});

test('an incremental goes on exactly where the full ends', async () => {
  await using source = await SourceFixture.create(server, 'goes_on');
  await source.query('CREATE TABLE a (id int PRIMARY KEY, v text)');
  await source.prepare();
  let written = 0;
  await fullWith(source, async () => {
    written += 1;
    await source.query(`INSERT INTO a VALUES (${written}, 'during')`);
  });
  await source.query(`UPDATE a SET v = 'after' WHERE id = 1`);
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
  const rows = await restored(source, 'goes_on_r', 'SELECT id, v FROM a ORDER BY id');
  assert.deepEqual(rows, await source.query('SELECT id, v FROM a ORDER BY id'));
});

test('a table that is truncated after the snapshot is reported, not stored as empty', async () => {
  await using source = await SourceFixture.create(server, 'truncated');
  await source.query(`CREATE TABLE a AS SELECT 1 AS id; ALTER TABLE a ADD PRIMARY KEY (id);
    CREATE TABLE other (id int PRIMARY KEY)`);
  await source.prepare();
  await fullWith(
    source,
    async () => undefined,
    () => source.query('TRUNCATE a; INSERT INTO a VALUES (2)'),
  );
  const [full] = source.repository.chain;
  assert.ok(full);
  const { tables } = await readInventory(full, never);
  assert.match(tables.find(({ name }) => name === 'a')?.leftOut ?? '', /rewritten or truncated/);
  // The next incremental copies it whole, so the chain is complete again.
  await source.backUp('incremental');
  assert.deepEqual(await restored(source, 'truncated_r', 'SELECT id FROM a'), [{ id: 2 }]);
});

test('without logical decoding a full is taken all the same, and says why none can follow', async () => {
  await using source = await SourceFixture.create(server, 'plain');
  await source.query('CREATE TABLE a AS SELECT 1 AS id');
  const [full] = await source.backUp('full');
  assert.equal(full?.source['following'], false);
  assert.equal(full?.source['whyNotFollowing'], 'the publication holdfast_crm_all does not exist');
  assert.deepEqual(await slots(source), []);
  assert.deepEqual(await restored(source, 'plain_r', 'SELECT id FROM a'), [{ id: 1 }]);
  const [next] = await source.backUp('incremental');
  assert.equal(next?.kind, 'full');
  assert.equal(next?.reason, 'the newest full was taken without a slot to go on from');
});

test('a full that is not committed leaves no slot, and the former chain goes on', async () => {
  await using source = await SourceFixture.create(server, 'uncommitted');
  await source.query('CREATE TABLE a (id int PRIMARY KEY)');
  await source.prepare();
  await source.backUp('full');
  const before = await slots(source);
  const run = { ...source.repository.run(), requested: 'full' as const };
  // Leaving the loop is what a caller does that could not commit.
  for await (const _ of source.source().backup(run)) break;
  assert.deepEqual(await slots(source), before);
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
});

test('a committed full closes the former chain and drops its slot', async () => {
  await using source = await SourceFixture.create(server, 'closes');
  await source.query('CREATE TABLE a (id int PRIMARY KEY)');
  await source.prepare();
  await source.backUp('full');
  const [former] = await slots(source);
  await source.backUp('full');
  const now = await slots(source);
  assert.equal(now.length, 1);
  assert.notEqual(now[0], former);
});

test('a slot that a killed run left behind is dropped by the next; those of other jobs stay', async () => {
  await using source = await SourceFixture.create(server, 'orphan');
  await source.query('CREATE TABLE a (id int PRIMARY KEY)');
  await source.prepare();
  for (const name of ['holdfast_crm_0badcafe', 'holdfast_crm_x_0badcafe', 'holdfast_crm_mine'])
    await source.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`);
  await source.backUp('full');
  const left = await slots(source);
  assert.ok(!left.includes('holdfast_crm_0badcafe'));
  assert.ok(left.includes('holdfast_crm_x_0badcafe') && left.includes('holdfast_crm_mine'));
  await source.query(
    `SELECT pg_create_logical_replication_slot('holdfast_crm_0badcafe', 'pgoutput')`,
  );
  await source.backUp('incremental');
  assert.deepEqual(await slots(source), left);
});

test('a slot that keeps too much log is dropped before the disk is full; a removed job leaves none', async () => {
  await using source = await SourceFixture.create(server, 'guarded');
  await source.query('CREATE TABLE a (id int PRIMARY KEY, v text)');
  await source.prepare();
  await source.backUp('full');
  await source.query(`INSERT INTO a SELECT n, repeat('x', 100) FROM generate_series(1, 20000) n`);
  const setup = async (dropAt: number) =>
    resolveSetup({
      configuration: { ...source.configuration, slot: { warnAt: 1, dropAt } },
      environment,
      job,
      directory: '/',
    });
  const actions = async (dropAt: number) =>
    (await guardSlots(await setup(dropAt), never)).map(({ verdict }) => verdict.action);
  assert.deepEqual(await actions(2 ** 33), ['warn']);
  assert.equal((await slots(source)).length, 1);
  assert.deepEqual(await actions(100_000), ['drop']);
  assert.deepEqual(await slots(source), []);
  const [next] = await source.backUp('incremental');
  assert.equal(next?.kind, 'full');
  assert.match(next?.reason ?? '', /slot .* is missing/);
  await dropOtherSlots(source.client, job, undefined);
  assert.deepEqual(await slots(source), []);
});

test('a table with row-level security that the role cannot see through is reported, not filtered', async () => {
  await using source = await SourceFixture.create(server, 'rls');
  await source.query(
    `CREATE TABLE secret (id int PRIMARY KEY); INSERT INTO secret VALUES (1), (2)`,
  );
  await source.prepare('no_bypass');
  await source.query(`ALTER TABLE secret ENABLE ROW LEVEL SECURITY`);
  source.configuration = {
    ...source.configuration,
    url: server.url('rls').replace('postgres@', 'no_bypass@'),
  };
  const [full] = await source.backUp('full');
  assert.match(full?.problems[0]?.what ?? '', /not copied: .*row-level security/);
});

test('tables, or only their rows, are left out by pattern, and the inventory says so', async () => {
  await using source = await SourceFixture.create(server, 'excluded');
  await source.query(`CREATE SCHEMA "Odd.one"; CREATE TABLE "Odd.one"."Cache" (id int);
    CREATE TABLE cache_1 AS SELECT 1 AS id; CREATE TABLE kept AS SELECT 1 AS id;
    CREATE TABLE kept_empty AS SELECT 1 AS id`);
  source.configuration = {
    ...source.configuration,
    excludeTables: ['*.cache_?'],
    excludeData: ['public.kept_e*'],
  };
  await source.backUp('full');
  const rows = await restored(
    source,
    'excluded_r',
    `SELECT relname::text AS name, pg_relation_size(oid) > 0 AS filled FROM pg_class
     WHERE relkind = 'r' AND oid >= 16384 AND relname ~ 'ept|ache' ORDER BY 1`,
  );
  assert.deepEqual(rows, [
    { name: 'Cache', filled: false },
    { name: 'kept', filled: true },
    { name: 'kept_empty', filled: false },
  ]);
  const [full] = source.repository.chain;
  assert.ok(full);
  const { tables } = await readInventory(full, never);
  const left = tables.filter(({ leftOut }) => leftOut !== undefined);
  assert.deepEqual(
    left.map(({ name }) => name),
    ['kept_empty'],
  );
});

test('an abort ends the run with its reason and leaves nothing on the server', async () => {
  await using source = await SourceFixture.create(server, 'aborted');
  await source.query(`CREATE TABLE a AS SELECT n AS id FROM generate_series(1, 200000) n`);
  await source.prepare();
  const stop = new AbortController();
  const run = {
    ...source.repository.run(stop.signal),
    requested: 'full' as const,
    progress: {
      step: (title: string) => {
        if (title === 'copy tables') stop.abort(new Error('stopped by the test'));
      },
      advance: () => undefined,
      note: () => undefined,
    },
  };
  await assert.rejects(async () => {
    for await (const _ of source.source().backup(run)) assert.fail('nothing may be handed over');
  }, /stopped by the test/);
  const until = Date.now() + 10_000;
  while ((await slots(source)).length > 0 && Date.now() < until) await delay(20);
  assert.deepEqual(await slots(source), []);
});

test('a database that cannot be reached or signed in to is named, without a password', async () => {
  await using source = await SourceFixture.create(server, 'reach');
  source.configuration = {
    ...source.configuration,
    url: 'postgres://nobody@127.0.0.1:1/none',
  };
  await assert.rejects(source.backUp('full'), (error) => {
    assert.ok(isHoldfastError(error, 'source-unreachable'));
    assert.match(error.message, /nobody@127\.0\.0\.1:1\/none/);
    return true;
  });
  source.configuration = {
    ...source.configuration,
    url: server.url('no such database'),
  };
  await assert.rejects(source.backUp('full'), (error) => isHoldfastError(error, 'source-denied'));
});

test('a storage that fails amid a table ends the run with its error', async () => {
  await using source = await SourceFixture.create(server, 'disk_full');
  await source.query(`CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 20000) n`);
  await source.prepare();
  const run = source.repository.run();
  const full = new HoldfastError('storage-full', 'the disk is full');
  const begin = async (kind: 'full' | 'incremental' | 'differential'): Promise<BackupWriter> => {
    const writer = await run.begin(kind);
    const inner = writer.writeObject.bind(writer);
    return Object.assign(writer, {
      writeObject: async (name: string, bytes: ByteStream) => {
        if (!name.startsWith('table-')) return await inner(name, bytes);
        for await (const _ of bytes) throw full;
        throw new Error('the table came without rows');
      },
    });
  };
  await assert.rejects(async () => {
    for await (const _ of source.source().backup({ ...run, requested: 'full', begin }));
  }, full);
  assert.deepEqual(await slots(source), []);
});
