import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestChain } from './support/chain.ts';
import { TestServer } from './support/test-server.ts';

test('a server that was promoted after a failover leads to a full, though its slot is still there', async () => {
  await using server = await TestServer.start();
  await server.createDatabase('failed_over');
  const chain = new TestChain(server, 'failed_over');
  {
    await using session = await server.connect('failed_over');
    await session.client.query('CREATE TABLE t (id int PRIMARY KEY)');
    await chain.publish();
    await chain.full();
    await session.client.query('INSERT INTO t VALUES (1)');
  }
  assert.equal(await chain.incremental(), undefined);
  await server.stopImmediately();
  await writeFile(join(server.folder, 'data', 'standby.signal'), '', { mode: 0o666 });
  await server.boot();
  {
    await using standby = await server.connect('failed_over');
    await assert.rejects(chain.incremental(), { code: 'source-standby' });
    await standby.client.query('SELECT pg_promote()');
    const slots = await standby.client.query('SELECT FROM pg_replication_slots');
    assert.equal(slots.rowCount, 1);
  }
  assert.match((await chain.incremental()) ?? '', /promoted or restored \(new timeline\)/);
});
