import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { digestTables } from './support/digest.ts';
import { readServerIdentity } from '../../../../backup-agent/sources/postgres/changes/server-identity.ts';
import { namedMoment } from '../../../fixtures/postgres/named-moment.ts';
import { TestChain } from './support/chain.ts';
import { TestServer } from './support/test-server.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

let databases = 0;

/** Runs `setup`, takes a full, runs `changes`, takes an incremental: the replay equals the source. */
async function expectExact(setup: string, changes: readonly string[]): Promise<void> {
  const database = `source_${++databases}`;
  const copy = `copy_${databases}`;
  await server.createDatabase(database);
  const chain = new TestChain(server, database);
  {
    await using session = await server.connect(database);
    await session.client.query(setup);
    await chain.publish();
    await chain.full();
    for (const sql of changes) await session.client.query(sql);
    assert.equal(await chain.incremental(), undefined);
    await chain.close();
    const result = await chain.restore(copy);
    assert.equal(result.targetReached, true);
    await using restored = await server.session(copy);
    await using source = await server.session(database);
    assert.deepEqual(await digestTables(restored.client), await digestTables(source.client));
  }
  await server.recycle(database, copy);
}

test('inserts, updates and deletes arrive', async () => {
  await expectExact(
    `CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz);
     INSERT INTO t SELECT i, 'name ' || i, '2020-01-01' FROM generate_series(1, 100) i`,
    [
      `INSERT INTO t SELECT i, E'tab\\tnew\\nline\\\\ ' || i, now() FROM generate_series(101, 200) i`,
      `UPDATE t SET name = NULL WHERE id % 3 = 0`,
      `DELETE FROM t WHERE id % 7 = 0`,
      `INSERT INTO t VALUES (7, '', 'infinity'), (14, '\\N', '-infinity')`,
      `UPDATE t SET name = name || '!' WHERE id < 20`,
    ],
  );
});

test('rows that change often, come, go and come again keep their last state', async () => {
  await expectExact(
    `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
    [
      `UPDATE t SET v = v || '1'`,
      `DELETE FROM t WHERE id = 1`,
      `INSERT INTO t VALUES (1, 'again'), (4, 'new')`,
      `UPDATE t SET v = v || '2'`,
      `DELETE FROM t WHERE id = 4`,
      `BEGIN; DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (3, 'same transaction'); COMMIT`,
      `BEGIN; INSERT INTO t VALUES (9, 'never seen'); ROLLBACK`,
    ],
  );
});

test('keys that change, in circles too, move their rows', async () => {
  await expectExact(
    `CREATE TABLE t (a int, b text, v text, PRIMARY KEY (a, b));
     INSERT INTO t SELECT i, 'k' || i, 'v' || i FROM generate_series(1, 10) i`,
    [
      `UPDATE t SET a = a + 100`,
      `UPDATE t SET a = 0 WHERE a = 101`,
      `UPDATE t SET a = 101, b = 'k1' WHERE a = 102`,
      `UPDATE t SET a = 102, b = 'k2' WHERE a = 0`,
      `UPDATE t SET a = a + 1 WHERE a = 110`,
      `INSERT INTO t VALUES (110, 'k10', 'in its place')`,
    ],
  );
});

const long = `(SELECT string_agg(md5(i::text || random()), '') FROM generate_series(1, 400) i)`;

test('values that an update left out of line and unchanged survive it', async () => {
  await expectExact(
    `CREATE TABLE t (id int PRIMARY KEY, n int, a text, b text);
     ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
     INSERT INTO t SELECT i, 0, ${long}, ${long} FROM generate_series(1, 20) i`,
    [
      `UPDATE t SET n = n + 1`,
      `UPDATE t SET a = ${long} || id WHERE id % 2 = 0`,
      `UPDATE t SET b = 'short' WHERE id % 3 = 0`,
      `UPDATE t SET n = n + 1`,
      `INSERT INTO t SELECT i, 0, ${long}, ${long} FROM generate_series(21, 30) i`,
      `UPDATE t SET id = id + 1000 WHERE id IN (1, 2, 21)`,
      `UPDATE t SET n = 7 WHERE id > 1000`,
    ],
  );
});

test('a long key that stays out of line is found by its old row', async () => {
  await expectExact(
    `CREATE TABLE t (k text PRIMARY KEY, n int, filler text);
     ALTER TABLE t ALTER k SET STORAGE EXTERNAL;
     INSERT INTO t SELECT i || left(${long}, 2300), 0, repeat('x', 1500) FROM generate_series(1, 5) i`,
    [`UPDATE t SET n = n + 1`, `DELETE FROM t WHERE k LIKE '3%'`],
  );
});

test('identity and generated columns take what the source had', async () => {
  await expectExact(
    `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text,
       twice int GENERATED ALWAYS AS (length(v) * 2) STORED);
     CREATE TABLE u (k int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v text);
     INSERT INTO t (v) VALUES ('a'), ('bb'); INSERT INTO u (k, v) VALUES (1, 'a'), (2, 'b')`,
    [
      `INSERT INTO t (v) VALUES ('ccc')`,
      `INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE VALUES (50, 'fifty')`,
      `UPDATE t SET v = 'changed' WHERE id = 1`,
      `UPDATE u SET v = 'changed', n = DEFAULT WHERE k = 2`,
      `UPDATE t SET id = DEFAULT WHERE id = 2`,
      `DELETE FROM t WHERE id = 50`,
    ],
  );
});

test('a TRUNCATE of several tables empties them all, and what follows is there', async () => {
  await server.createDatabase('truncated');
  await using session = await server.connect('truncated');
  await session.client.query(
    `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
     INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 1)`,
  );
  const chain = new TestChain(server, 'truncated');
  await chain.publish();
  await chain.full();
  for (const sql of [
    `INSERT INTO a VALUES (3); INSERT INTO b VALUES (3, 3)`,
    `TRUNCATE a, b`,
    `INSERT INTO a VALUES (1), (7); INSERT INTO b VALUES (7, 7)`,
  ])
    await session.client.query(sql);
  const moment = await namedMoment(session.client, 'then');
  const then = await digestTables(session.client);
  // The incremental holds truncated tables whole, so only a moment within it is replayed.
  await session.client.query('INSERT INTO a VALUES (8)');
  assert.equal(await chain.incremental(), undefined);
  await chain.close();
  await chain.restore('truncated_copy', moment);
  await using restored = await server.session('truncated_copy');
  assert.deepEqual(await digestTables(restored.client), then);
});

test('REPLICA IDENTITY FULL is followed, with a key and without, equal rows included', async () => {
  await expectExact(
    `CREATE TABLE nokey (a int, b json, c text); ALTER TABLE nokey REPLICA IDENTITY FULL;
     ALTER TABLE nokey ALTER c SET STORAGE EXTERNAL;
     CREATE TABLE keyed (id int PRIMARY KEY, v json); ALTER TABLE keyed REPLICA IDENTITY FULL;
     INSERT INTO nokey SELECT i % 3, '{"a": 1}', NULL FROM generate_series(1, 12) i;
     INSERT INTO nokey VALUES (9, NULL, ${long}), (9, NULL, '');
     INSERT INTO keyed SELECT i, '{}' FROM generate_series(1, 5) i`,
    [
      `DELETE FROM nokey WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 1)`,
      `UPDATE nokey SET b = '{"a":  2}' WHERE ctid = (SELECT min(ctid) FROM nokey WHERE a = 2)`,
      `UPDATE nokey SET b = '[]' WHERE a = 9`,
      `INSERT INTO nokey VALUES (0, '{"a": 1}', NULL), (0, '{"a": 1}', NULL)`,
      `UPDATE keyed SET v = '{"n": 1}'`,
      `UPDATE keyed SET id = 50 WHERE id = 5`,
      `DELETE FROM keyed WHERE id = 1`,
    ],
  );
});

test('a replica identity index leads to its rows, and the primary key may change', async () => {
  await expectExact(
    `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL);
     CREATE UNIQUE INDEX t_code ON t (code) INCLUDE (id);
     ALTER TABLE t REPLICA IDENTITY USING INDEX t_code;
     INSERT INTO t SELECT i, 'c' || i FROM generate_series(1, 5) i`,
    [
      `UPDATE t SET id = id + 100`,
      `UPDATE t SET code = 'x' WHERE code = 'c3'`,
      `DELETE FROM t WHERE code = 'c4'`,
    ],
  );
});

test('changes of partitions land in their leaves, moves between them included', async () => {
  await expectExact(
    `CREATE TABLE p (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
     CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu');
     CREATE TABLE p_rest PARTITION OF p DEFAULT PARTITION BY RANGE (id);
     CREATE TABLE p_rest_1 PARTITION OF p_rest FOR VALUES FROM (0) TO (100);
     CREATE TABLE p_rest_2 PARTITION OF p_rest DEFAULT;
     INSERT INTO p SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, 'v' FROM generate_series(1, 200) i`,
    [
      `UPDATE p SET region = 'us' WHERE id = 2`,
      `UPDATE p SET region = 'eu', v = 'moved' WHERE id IN (1, 151)`,
      `DELETE FROM p WHERE id = 3`,
      `INSERT INTO p VALUES (500, 'mars', 'far')`,
      `TRUNCATE p_eu`,
    ],
  );
});

test('an inheritance child is a table of its own', async () => {
  await expectExact(
    `CREATE TABLE base (id int PRIMARY KEY, v text);
     CREATE TABLE derived (extra int, PRIMARY KEY (id)) INHERITS (base);
     INSERT INTO base VALUES (1, 'b'); INSERT INTO derived VALUES (1, 'd', 1)`,
    [`UPDATE base SET v = v || '!'`, `DELETE FROM ONLY base`, `INSERT INTO base VALUES (2, 'x')`],
  );
});

test('names with quotes, capitals, spaces, newlines and emoji are only names', async () => {
  const schema = `"Schéma ""x"" 🐘"`;
  const table = `${schema}."ta'b\\le\n%s"`;
  await expectExact(
    `CREATE SCHEMA ${schema};
     CREATE TABLE ${table} ("Id ""1""" int PRIMARY KEY, "a,b'c" text, "holdfast" text);
     INSERT INTO ${table} VALUES (1, 'x', 'y')`,
    [`UPDATE ${table} SET "a,b'c" = '汉字 🐘'`, `INSERT INTO ${table} VALUES (2, NULL, '')`],
  );
});

test('every type reads back as it was', async () => {
  await using session = await server.connect();
  const { majorVersion } = (await readServerIdentity(session.client, [])).server;
  const columns = [
    ['boolean', 'true'],
    ['smallint', '-32768'],
    ['bigint', '9223372036854775807'],
    ['numeric(20,5)', `'NaN'`],
    ['numeric', `'123456789012345678901234567890.000100'`],
    ['real', '0.1::real + 0.2::real'],
    ['double precision', `'-Infinity'`],
    ['money', `'1234.56'`],
    ['char(5)', `'ab'`],
    ['varchar(5)', `'ab   '`],
    ['"char"', `'x'`],
    ['name', `'n'`],
    ['bytea', `'\\xdeadbeef0a0d09005c'`],
    ['date', `'infinity'`],
    ['time', `'24:00'`],
    ['timetz', `'12:00+05:30'`],
    ['timestamp', `'4713-01-01 00:00 BC'`],
    ['timestamptz', `'2024-02-29 12:00:00.123456+14'`],
    ['interval', `'-1 year 2 mons -3 days 04:05:06.789'`],
    ['uuid', `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`],
    ['inet', `'::1/64'`],
    ['cidr', `'10.0.0.0/8'`],
    ['macaddr8', `'08:00:2b:01:02:03:04:05'`],
    ['bit(3)', `B'101'`],
    ['bit varying', `B''`],
    ['json', `'{"a" :  1, "a": 2}'`],
    ['jsonb', `'{"b": [null, "\\u00e9"]}'`],
    ['xml', `'<a>&lt;</a>text'`],
    ['point', `'(0.1,1e300)'`],
    ['polygon', `'((0,0),(1,1),(1,0))'`],
    ['tsvector', `'a:1A fat:2'`],
    ['tsquery', `'a & !b'`],
    ['int4range', `'[1,5)'`],
    ...(majorVersion < 14 ? [] : ([['int4multirange', `'{[1,2),[5,)}'`]] as const)),
    ['text[]', String.raw`'{NULL,"NULL","",a\\b,"x\"y","{"}'`],
    ['int[][]', `'[2:3][1:2]={{1,2},{3,4}}'`],
    ['oid', '4294967295'],
    ['regclass', `'pg_class'`],
    ['pg_lsn', `'16/B374D848'`],
    ['public.mood', `'it''s'`],
    ['public.pair', String.raw`'(1,"a ""b"", \\c")'`],
    ['public.pair[]', `'{"(1,)","(,x)"}'`],
    ['public.positive', '5'],
  ] as const;
  const list = columns.map(([type], index) => `c${index} ${type}`).join(', ');
  const values = columns.map(([, value]) => value).join(', ');
  const updates = columns.map(([, value], index) => `c${index} = ${value}`).join(', ');
  await expectExact(
    `CREATE TYPE mood AS ENUM ('sad', 'it''s'); CREATE TYPE pair AS (n int, t text);
     CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
     CREATE TABLE t (id int PRIMARY KEY, ${list});
     INSERT INTO t (id, c${columns.length - 1}) VALUES (1, 1)`,
    [`UPDATE t SET ${updates} WHERE id = 1`, `INSERT INTO t VALUES (2, ${values})`],
  );
});

test('a key of an extension type is compared by its own operator, wherever that lives', async () => {
  await expectExact(
    `CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext;
     CREATE TABLE l (k ext.ltree PRIMARY KEY, n int); INSERT INTO l VALUES ('a.b', 1), ('a.c', 2);
     CREATE TABLE t (k ext.citext PRIMARY KEY, n int); INSERT INTO t VALUES ('Ab', 1), ('cd', 2)`,
    [
      `UPDATE t SET n = n + 1`,
      `UPDATE t SET k = 'AB' WHERE k OPERATOR(ext.=) 'ab'::ext.citext`,
      `DELETE FROM t WHERE k OPERATOR(ext.=) 'CD'::ext.citext`,
      // Nothing but its own operator compares these.
      `UPDATE l SET n = n + 1 WHERE n = 1; DELETE FROM l WHERE n = 2 AND k::text = 'a.c'`,
    ],
  );
});

test('a prepared transaction arrives with its COMMIT PREPARED', async () => {
  await expectExact(`CREATE TABLE t (id int PRIMARY KEY)`, [
    `BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'one'`,
    `INSERT INTO t VALUES (2)`,
    `COMMIT PREPARED 'one'`,
  ]);
});

test('one transaction larger than a batch is applied in parts, and is there whole or not at all', async () => {
  await server.createDatabase('large');
  await using session = await server.connect('large');
  await session.client.query(
    'CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY)',
  );
  const chain = new TestChain(server, 'large');
  await chain.publish();
  await chain.full();
  await session.client.query(
    `BEGIN; INSERT INTO t SELECT i, 'v' FROM generate_series(1, 25000) i;
     INSERT INTO u SELECT i FROM generate_series(1, 100) i; UPDATE t SET v = v || id; COMMIT`,
  );
  assert.equal(await chain.incremental(), undefined);
  await chain.close();
  await chain.prepare('large_copy', { kind: 'end' });
  await using restored = await server.session('large_copy');
  const first = new AbortController();
  const onAdvance = () => first.abort(new Error('after the first part'));
  await assert.rejects(
    chain.replay('large_copy', { kind: 'end' }, { signal: first.signal, onAdvance }),
    /after the first part/,
  );
  const { rows } = await restored.client.query('SELECT count(*)::int AS n FROM public.t');
  assert.deepEqual(rows, [{ n: 0 }]);
  let parts = 0;
  const { signal } = new AbortController();
  await chain.replay('large_copy', { kind: 'end' }, { signal, onAdvance: () => (parts += 1) });
  assert.ok(parts > 1);
  assert.deepEqual(await digestTables(restored.client), await digestTables(session.client));
});

test('a replay that is broken off anywhere goes on where it was', async () => {
  await server.createDatabase('broken_off');
  await using session = await server.connect('broken_off');
  await session.client.query(
    'CREATE TABLE t (id int PRIMARY KEY, n int); CREATE TABLE h (v int); ALTER TABLE h REPLICA IDENTITY FULL',
  );
  const chain = new TestChain(server, 'broken_off');
  await chain.publish();
  await chain.full();
  for (let batch = 0; batch < 6; batch++) {
    await session.client.query(
      `INSERT INTO t SELECT ${batch} * 10000 + i, 0 FROM generate_series(1, 7000) i;
       INSERT INTO h VALUES (${batch}); UPDATE t SET n = n + 1 WHERE id % 5 = ${batch % 5}`,
    );
  }
  assert.equal(await chain.incremental(), undefined);
  await chain.close();
  await chain.prepare('broken_copy', { kind: 'end' });
  let interruptions = 0;
  for (;;) {
    // Every attempt gets one batch further, then dies in the middle of the next.
    const controller = new AbortController();
    const onAdvance = () => controller.abort(new Error('broken off'));
    const watch = { signal: controller.signal, onAdvance };
    try {
      await chain.replay('broken_copy', { kind: 'end' }, watch);
      break;
    } catch (error) {
      assert.match(String(error), /broken off/);
      interruptions++;
    }
  }
  assert.ok(interruptions >= 2);
  await using restored = await server.session('broken_copy');
  assert.deepEqual(await digestTables(restored.client), await digestTables(session.client));
});
