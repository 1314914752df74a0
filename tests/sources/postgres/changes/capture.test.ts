import assert from 'node:assert/strict';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { from as copyFrom } from 'pg-copy-streams';
import type { Client } from 'pg';
import { alignSnapshot } from '../../../../backup-agent/sources/postgres/changes/aligned-snapshot.ts';
import { SnapshotReader } from '../../../../backup-agent/sources/postgres/changes/snapshot-reader.ts';
import { copyTables } from '../../../../backup-agent/sources/postgres/changes/table-copy.ts';
import { readServerIdentity } from '../../../../backup-agent/sources/postgres/changes/server-identity.ts';
import {
  readTables,
  tableStates,
} from '../../../../backup-agent/sources/postgres/changes/table-catalog.ts';
import { captureChanges } from '../../../../backup-agent/sources/postgres/changes/capture.ts';
import type { ChangeFeed } from '../../../../backup-agent/sources/postgres/changes/change-feed.ts';
import { parseLsn } from '../../../../backup-agent/sources/postgres/changes/lsn.ts';
import { dropSlot, slotStatus } from '../../../../backup-agent/sources/postgres/changes/slot.ts';
import { namedMoment } from '../../../fixtures/postgres/named-moment.ts';
import { TestChain } from './support/chain.ts';
import { digestTables } from './support/digest.ts';
import { TestServer } from './support/test-server.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

let databases = 0;

interface Source extends AsyncDisposable {
  /** Databases that go with it. */
  readonly copies: string[];
  readonly chain: TestChain;
  readonly client: Client;
  sql(...statements: string[]): Promise<void>;
}

/** A database with these objects, enrolled, and a full of it. */
async function sourceWith(setup: string, feed: Partial<ChangeFeed> = {}): Promise<Source> {
  const database = `source_${++databases}`;
  await server.createDatabase(database);
  let session = await server.connect(database);
  await session.client.query(setup);
  const chain = new TestChain(server, database, feed);
  await chain.publish();
  await chain.full();
  const copies: string[] = [];
  return {
    chain,
    copies,
    get client() {
      return session.client;
    },
    async sql(...statements) {
      // A server that was stopped took the session with it.
      await session[Symbol.asyncDispose]();
      session = await server.connect(database);
      for (const statement of statements) await session.client.query(statement);
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await chain.close();
      await server.recycle(database, ...copies);
    },
  };
}

async function expectExact({ chain, copies }: Source): Promise<void> {
  const copy = `copy_${++databases}`;
  await chain.restore(copy);
  copies.push(copy);
  await using restored = await server.session(copy);
  await using source = await server.session(chain.database);
  assert.deepEqual(await digestTables(restored.client), await digestTables(source.client));
}

const oneTable = 'CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1), (2)';

test('an advance that the server forgot in a crash doubles nothing', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql('INSERT INTO t VALUES (3)');
  assert.equal(await source.chain.incremental(), undefined);
  const before = await slotStatus(source.client, source.chain.feed.slot);
  await server.stopImmediately();
  await server.boot();
  await using session = await server.session(source.chain.database);
  const later = await slotStatus(session.client, source.chain.feed.slot);
  assert.ok((later?.confirmedLsn ?? 0n) < (before?.confirmedLsn ?? 0n), 'the crash did not matter');
  await source.sql('INSERT INTO t VALUES (4)');
  assert.equal(await source.chain.incremental(), undefined);
  const changes = (await source.chain.states()).map((state) => state.changes?.changes);
  assert.deepEqual(changes, [undefined, 1, 1]);
  await expectExact(source);
});

test('what was yielded and not committed is taken again', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql('INSERT INTO t VALUES (3)');
  const backups = captureChanges(source.chain.feed, source.chain.repository.run());
  await backups.next();
  await backups.return(undefined);
  await source.sql('INSERT INTO t VALUES (4)');
  assert.equal(await source.chain.incremental(), undefined);
  assert.equal((await source.chain.states())[1]?.changes?.changes, 2);
  await expectExact(source);
});

test('what was committed and not advanced over is not taken again', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql('INSERT INTO t VALUES (3)');
  const backups = captureChanges(source.chain.feed, source.chain.repository.run());
  const first = await backups.next();
  if (!first.done) await source.chain.repository.commit(first.value);
  await backups.return(undefined);
  await source.sql('INSERT INTO t VALUES (4)');
  assert.equal(await source.chain.incremental(), undefined);
  assert.equal((await source.chain.states())[2]?.changes?.changes, 1);
  await expectExact(source);
});

test('a backlog is taken in bounded steps, a transaction longer than a step among them', async () => {
  await using source = await sourceWith(oneTable, { maxWalBytes: 200_000 });
  await source.sql(
    `INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(10, 5000) i`,
    `UPDATE t SET v = 'y' WHERE id % 10 = 0`,
    `DELETE FROM t WHERE id > 4000`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  const states = await source.chain.states();
  assert.ok(states.length > 5);
  for (const { changes } of states.slice(1, -1)) {
    assert.ok(changes && parseLsn(changes.to) - parseLsn(changes.from) === 200_000n);
  }
  await expectExact(source);
});

test('a slot that somebody else read, or dropped, leads to a full with the reason', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql('INSERT INTO t VALUES (3)');
  const { slot, publications } = source.chain.feed;
  await source.client.query(
    `SELECT count(*) FROM pg_logical_slot_get_binary_changes($1, NULL, NULL,
     'proto_version', '1', 'publication_names', $2)`,
    [slot, publications.join(',')],
  );
  assert.match((await source.chain.incremental()) ?? '', /somebody else read the replication slot/);
  await dropSlot(source.client, slot);
  assert.match((await source.chain.incremental()) ?? '', /is missing/);
});

test('a slot whose log the server removed leads to a full with the reason', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql(
    `ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`,
    'SELECT pg_reload_conf()',
    'SELECT pg_switch_wal() FROM (SELECT pg_logical_emit_message(false, $$x$$, $$y$$)) m',
    'INSERT INTO t VALUES (3)',
    'SELECT pg_switch_wal()',
    'INSERT INTO t VALUES (4)',
    'SELECT pg_switch_wal()',
    'INSERT INTO t VALUES (5)',
    'CHECKPOINT',
  );
  const status = await slotStatus(source.client, source.chain.feed.slot);
  assert.equal(status?.walStatus, 'lost');
  assert.match((await source.chain.incremental()) ?? '', /is lost/);
  await source.sql('ALTER SYSTEM RESET max_slot_wal_keep_size', 'SELECT pg_reload_conf()');
});

test('publications changed, remade or dropped lead to a full with the reason', async () => {
  await using source = await sourceWith(oneTable);
  const [all = '', keyed = ''] = source.chain.feed.publications;
  await source.sql(`ALTER PUBLICATION ${keyed} SET (publish = 'update')`);
  assert.match((await source.chain.incremental()) ?? '', /changed or made again/);
  await source.sql(`DROP PUBLICATION ${all}`);
  assert.match((await source.chain.incremental()) ?? '', /is missing/);
});

test('an enum label added is fine, one renamed leads to a full', async () => {
  await using source = await sourceWith(
    `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood);
     INSERT INTO t VALUES (1, 'sad')`,
  );
  await source.sql(`ALTER TYPE mood ADD VALUE 'happy'`, `INSERT INTO t VALUES (2, 'happy')`);
  assert.equal(await source.chain.incremental(), undefined);
  await expectExact(source);
  await source.sql(`ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`);
  assert.match((await source.chain.incremental()) ?? '', /enum label/);
});

test('tables without identity are written freely, copied whole, and exact at each backup', async () => {
  await using source = await sourceWith(
    `CREATE TABLE bare (v int); CREATE TABLE lazy (id int PRIMARY KEY DEFERRABLE, v int);
     CREATE TABLE none (id int PRIMARY KEY, v int); ALTER TABLE none REPLICA IDENTITY NOTHING;
     CREATE UNLOGGED TABLE volatile (id int PRIMARY KEY, v int);
     CREATE TABLE kept (id int PRIMARY KEY, v int);
     INSERT INTO bare VALUES (1), (1); INSERT INTO lazy VALUES (1, 1); INSERT INTO none VALUES (1, 1);
     INSERT INTO volatile VALUES (1, 1); INSERT INTO kept VALUES (1, 1)`,
  );
  for (const table of ['bare', 'lazy', 'none', 'volatile', 'kept']) {
    await source.sql(`UPDATE ${table} SET v = v + 1`);
  }
  await source.sql(
    'DELETE FROM none',
    'INSERT INTO bare VALUES (7)',
    'INSERT INTO lazy VALUES (2)',
  );
  assert.equal(await source.chain.incremental(), undefined);
  const state = (await source.chain.states()).at(-1);
  assert.deepEqual(
    Object.fromEntries(state?.tables.map(({ name, coverage }) => [name, coverage.reason]) ?? []),
    {
      bare: 'no primary key, or only a deferrable one',
      lazy: 'no primary key, or only a deferrable one',
      none: 'REPLICA IDENTITY NOTHING',
      volatile: 'unlogged: its changes are not in the log',
      kept: undefined,
    },
  );
  assert.deepEqual(state?.copies.map(({ name }) => name).toSorted(), [
    'bare',
    'lazy',
    'none',
    'volatile',
  ]);
  await expectExact(source);
});

const definitions: Readonly<Record<string, readonly string[]>> = {
  'a column added with a default': [`ALTER TABLE t ADD COLUMN n int DEFAULT 42`],
  'a column rewritten in place': [`ALTER TABLE t ALTER v TYPE text USING 'rewritten ' || id`],
  'a column of another type': [`ALTER TABLE t ALTER id TYPE bigint`],
  'columns renamed and dropped': [
    `ALTER TABLE t ADD n int`,
    `ALTER TABLE t DROP COLUMN v`,
    `ALTER TABLE t RENAME n TO v`,
  ],
  'a table renamed and moved': [
    `CREATE SCHEMA s`,
    `ALTER TABLE t RENAME TO t2`,
    `ALTER TABLE t2 SET SCHEMA s`,
    `INSERT INTO s.t2 VALUES (77)`,
  ],
  'a table dropped and made again': [
    `DROP TABLE t`,
    `CREATE TABLE t (id int PRIMARY KEY, x xml)`,
    `INSERT INTO t VALUES (5, '<a/>')`,
  ],
  'a new table that is not enrolled': [
    `CREATE TABLE fresh (id int PRIMARY KEY, v text)`,
    `INSERT INTO fresh VALUES (1, 'x')`,
    `UPDATE fresh SET v = 'y'`,
  ],
  'a table rewritten by TRUNCATE': [`TRUNCATE t`, `INSERT INTO t VALUES (9)`],
};

for (const [what, statements] of Object.entries(definitions)) {
  test(`${what}, amid changes, leaves every table exact`, async () => {
    await using source = await sourceWith(oneTable);
    await source.sql(`INSERT INTO t VALUES (50, 'before')`, `UPDATE t SET v = 'u' WHERE id = 1`);
    await source.sql(...statements);
    if (!what.includes('renamed') && !what.includes('dropped')) {
      await source.sql(`INSERT INTO t (id) VALUES (51)`, `DELETE FROM t WHERE id = 2`);
    }
    assert.equal(await source.chain.incremental(), undefined);
    await expectExact(source);
    const state = (await source.chain.states()).at(-1);
    assert.ok(state && state.copies.length > 0);
  });
}

test('a table is followed again after its copy, and not copied a second time', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql(`ALTER TABLE t ADD n int DEFAULT 1`);
  assert.equal(await source.chain.incremental(), undefined);
  await source.sql(
    `UPDATE t SET n = n + id`,
    `INSERT INTO t VALUES (3)`,
    `DELETE FROM t WHERE id = 1`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  const states = await source.chain.states();
  assert.deepEqual(
    states.slice(1).map((state) => state.copies.length),
    [1, 0],
  );
  assert.equal(states[2]?.schema, undefined);
  await expectExact(source);
});

test('a function alone brings a new schema and no copies', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql(`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 7'`);
  assert.equal(await source.chain.incremental(), undefined);
  const state = (await source.chain.states()).at(-1);
  assert.deepEqual([state?.schema, state?.copies], ['schema.sql', []]);
  await source.chain.restore('with_function');
  await using session = await server.session('with_function');
  assert.equal((await session.client.query('SELECT public.f() AS f')).rows[0].f, 7);
});

test('temporary tables, VACUUM, ANALYZE and REFRESH are not taken for a changed schema', async () => {
  await using source = await sourceWith(
    `${oneTable}; CREATE MATERIALIZED VIEW m AS SELECT * FROM t`,
  );
  await source.sql(
    'CREATE TEMP TABLE x (id serial PRIMARY KEY, v text); CREATE INDEX ON x (v)',
    'VACUUM ANALYZE t',
    'REFRESH MATERIALIZED VIEW m',
  );
  assert.equal(await source.chain.incremental(), undefined);
  const state = (await source.chain.states()).at(-1);
  assert.deepEqual([state?.schema, state?.copies], [undefined, []]);
});

test('a partition attached brings the rows that it had before', async () => {
  await using source = await sourceWith(
    `CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
     CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
     CREATE TABLE loose (id int NOT NULL, v text); INSERT INTO loose VALUES (150, 'older')`,
  );
  await source.sql(
    `UPDATE loose SET v = 'changed while nobody followed'`,
    `ALTER TABLE p ATTACH PARTITION loose FOR VALUES FROM (100) TO (200)`,
    `INSERT INTO p VALUES (1, 'a'), (160, 'b')`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  await expectExact(source);
});

test('a table enrolled later is exact from then on', async () => {
  await using source = await sourceWith(oneTable);
  const [, keyed = ''] = source.chain.feed.publications;
  await source.sql(
    `CREATE TABLE late (id int PRIMARY KEY, v int)`,
    `INSERT INTO late VALUES (1, 1)`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  await source.sql(
    `UPDATE late SET v = 2`,
    `ALTER PUBLICATION ${keyed} ADD TABLE late`,
    `UPDATE late SET v = v + 10`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  await source.sql(`UPDATE late SET v = v + 100`);
  assert.equal(await source.chain.incremental(), undefined);
  const state = (await source.chain.states()).at(-1);
  assert.equal(state?.tables.find(({ name }) => name === 'late')?.coverage.level, 'commit');
  assert.deepEqual(state?.copies, []);
  await expectExact(source);
});

test('a table that left its publication for a while is copied again', async () => {
  await using source = await sourceWith(oneTable);
  const [, keyed = ''] = source.chain.feed.publications;
  await source.sql(
    `ALTER PUBLICATION ${keyed} DROP TABLE t`,
    `UPDATE t SET v = 'unseen'`,
    `ALTER PUBLICATION ${keyed} ADD TABLE t`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  await expectExact(source);
});

test('an identity removed after enrolment is detected within one run', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql(`ALTER TABLE t DROP CONSTRAINT t_pkey`, `INSERT INTO t VALUES (3, 'x')`);
  assert.equal(await source.chain.incremental(), undefined);
  const state = (await source.chain.states()).at(-1);
  assert.match(state?.tables[0]?.coverage.reason ?? '', /no primary key/);
  await expectExact(source);
});

test('sequences never stand behind the rows', async () => {
  await using source = await sourceWith(
    `CREATE TABLE t (id serial PRIMARY KEY, v text); CREATE SEQUENCE "Odd 'one'" INCREMENT -5`,
  );
  await source.sql(
    `INSERT INTO t (v) VALUES ('a'), ('b'), ('c')`,
    `SELECT nextval('"Odd ''one''"')`,
  );
  assert.equal(await source.chain.incremental(), undefined);
  const { sequences } = await source.chain.plan({ kind: 'end' });
  assert.deepEqual(
    sequences.map(({ name, lastValue, isCalled }) => [name, lastValue, isCalled]),
    [
      [`Odd 'one'`, '-1', true],
      ['t_id_seq', '3', true],
    ],
  );
});

test('what was committed without waiting for the disk is in the next incremental', async () => {
  await using source = await sourceWith(oneTable);
  await using admin = await server.connect();
  const walWriter = async (delay: string) => {
    await admin.client.query(`ALTER SYSTEM SET wal_writer_delay = '${delay}'`);
    await admin.client.query('SELECT pg_reload_conf()');
  };
  await walWriter('10s');
  await source.sql(`SET synchronous_commit = off`, `INSERT INTO t VALUES (30)`);
  assert.equal(await source.chain.incremental(), undefined);
  await walWriter('200ms');
  assert.equal((await source.chain.states()).at(-1)?.changes?.changes, 1);
});

test('a transaction that does not end delays the copies, not the changes', async () => {
  await using source = await sourceWith(`${oneTable}; CREATE TABLE bare (v int)`, {
    alignTimeoutMs: 300,
  });
  await using idle = await server.connect(source.chain.database);
  await idle.client.query(`BEGIN; INSERT INTO bare VALUES (0)`);
  await source.sql(`INSERT INTO t VALUES (3)`, `INSERT INTO bare VALUES (1)`);
  assert.equal(await source.chain.incremental(), undefined);
  const first = source.chain.repository.chain.at(-1);
  assert.match(source.chain.repository.problems[0]?.what ?? '', /lock timeout/);
  assert.equal((await source.chain.states()).at(-1)?.changes?.changes, 2);
  await idle.client.query('COMMIT');
  assert.equal(await source.chain.incremental(), undefined);
  assert.notEqual(source.chain.repository.chain.at(-1), first);
  await expectExact(source);
});

test('a table locked or rewritten after the snapshot is a problem, never a copy without rows', async () => {
  await using source = await sourceWith(
    `CREATE TABLE locked (v int); CREATE TABLE rewritten (v int); CREATE TABLE fine (v int);
     INSERT INTO locked VALUES (1); INSERT INTO rewritten VALUES (1); INSERT INTO fine VALUES (1)`,
  );
  const { feed, repository } = source.chain;
  await using replication = await feed.connectReplication();
  const snapshot = await alignSnapshot(replication, 'aligned');
  await using reader = await SnapshotReader.open(feed, snapshot);
  const { majorVersion } = (await readServerIdentity(reader.client, [])).server;
  const tables = tableStates(await readTables(reader.client, feed.publications, majorVersion));
  await source.sql('ALTER TABLE rewritten ADD x int DEFAULT random()');
  await using locker = await server.connect(source.chain.database);
  await locker.client.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE');
  const run = repository.run();
  const wanted = tables.map((table) => ({ table, reason: 'test', required: false }));
  const nobody = { hasYielded: () => false };
  const writer = await run.begin('full');
  const { copies, problems } = await copyTables(reader, nobody, writer, wanted, run);
  assert.deepEqual(
    copies.map(({ name, rows }) => [name, rows]),
    [['fine', 1]],
  );
  assert.deepEqual(
    problems.map(({ where }) => where),
    ['"public"."locked"', '"public"."rewritten"'],
  );
});

test('stored changes are a table that PostgreSQL loads by itself', async () => {
  await using source = await sourceWith(oneTable);
  await source.sql(`INSERT INTO t VALUES (3, 'x')`, `DELETE FROM t WHERE id = 1`);
  assert.equal(await source.chain.incremental(), undefined);
  const [, incremental] = source.chain.repository.chain;
  assert.ok(incremental);
  await source.client.query('CREATE TABLE loaded (lsn pg_lsn, data bytea)');
  const sink = source.client.query(copyFrom('COPY loaded FROM STDIN (FORMAT binary)'));
  const signal = new AbortController().signal;
  await pipeline(await incremental.readObject('changes-0001.pgoutput', signal), sink);
  const types = await source.client.query(
    `SELECT chr(get_byte(data, 0)) AS type, count(*)::int FROM loaded
     WHERE chr(get_byte(data, 0)) IN ('R', 'I', 'D') GROUP BY 1 ORDER BY 1`,
  );
  assert.deepEqual(types.rows, [
    { type: 'D', count: 1 },
    { type: 'I', count: 1 },
    { type: 'R', count: 1 },
  ]);
});

test('a moment amid a migration restores, and says which tables are not as they were', async () => {
  await using source = await sourceWith(
    `${oneTable}; CREATE TABLE n (id int PRIMARY KEY, v int); INSERT INTO n VALUES (1, 1);
     CREATE TABLE m (id int PRIMARY KEY, gone text, v text); INSERT INTO m VALUES (1, 'g', 'v')`,
  );
  await source.sql(
    `UPDATE n SET v = 2`,
    `UPDATE t SET v = 'before'`,
    `ALTER TABLE n ALTER v TYPE text USING 'number ' || v`,
    `ALTER TABLE t ADD w text`,
    `INSERT INTO n VALUES (2, 'text')`,
    `INSERT INTO t VALUES (3, 'x', 'y')`,
    `CREATE TABLE made (id int PRIMARY KEY)`,
    `ALTER TABLE m DROP gone`,
    `ALTER TABLE m RENAME TO renamed`,
    `INSERT INTO renamed VALUES (2, 'by name')`,
  );
  const target = await namedMoment(source.client, 'amid');
  await source.sql(`INSERT INTO t VALUES (4)`);
  assert.equal(await source.chain.incremental(), undefined);
  const plan = await source.chain.plan(target);
  assert.deepEqual(
    plan.inexact.map(({ name, reason }) => [
      name,
      reason.replace(/ between .*? and .*?(?=,|$)/, ''),
    ]),
    [
      ['t', 'it was redefined, rewritten or dropped'],
      ['n', 'it was redefined, rewritten or dropped'],
      ['m', 'it was redefined, rewritten or dropped'],
      ['made', 'it was made, and is not there'],
    ],
  );
  const listed = target.kind === 'mark' ? /the newest are "amid"$/ : /this chain holds none$/;
  await assert.rejects(source.chain.plan({ kind: 'mark', name: 'nope' }), listed);
  const result = await source.chain.restore('amid', target);
  await using restored = await server.session('amid');
  const rows = await restored.client
    .query(`SELECT (SELECT json_agg(n ORDER BY id) FROM public.n n) AS n,
    (SELECT json_agg(t ORDER BY id) FROM public.t t) AS t,
    (SELECT json_agg(m ORDER BY id) FROM public.m m) AS m`);
  assert.deepEqual(rows.rows[0], {
    n: [{ id: 1, v: 2 }],
    t: [
      { id: 1, v: 'before' },
      { id: 2, v: 'before' },
      { id: 3, v: 'x' },
    ],
    m: [
      { id: 1, gone: 'g', v: 'v' },
      { id: 2, gone: null, v: 'by name' },
    ],
  });
  assert.deepEqual(
    result.inexact.map(({ name, reason }) => [name, reason]),
    [
      ['n', 'it was redefined before this moment: its column v had another type from then on'],
      ['t', 'columns that came later are missing: w'],
    ],
  );
});
