import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { digestTables } from './support/digest.ts';
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
  await server.createDatabase(database);
  await using session = await server.connect(database);
  await session.client.query(setup);
  const chain = new TestChain(server, database);
  await chain.publish();
  await chain.full();
  for (const sql of changes) await session.client.query(sql);
  assert.equal(await chain.incremental(), undefined);
  const copy = `copy_${databases}`;
  await chain.restoreFull(copy);
  const result = await chain.replay(copy);
  assert.equal(result.targetReached, true);
  await using restored = await server.session(copy);
  await using source = await server.session(database);
  assert.deepEqual(await digestTables(restored.client), await digestTables(source.client));
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
