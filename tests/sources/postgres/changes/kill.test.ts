import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { rounds } from '../../../support/scale.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { TestChain } from './support/chain.ts';
import { digestTables } from './support/digest.ts';
import { DiskRepository } from './support/disk-repository.ts';
import { backupSteps, type BackupStep } from './support/memory-repository.ts';
import { TestServer } from './support/test-server.ts';
import { loadTables, Writers } from './support/writers.ts';

const agent = join(import.meta.dirname, 'support', 'agent-child.ts');

/** Runs an agent in its own process; kills it after a while, if told so. */
async function runAgent(
  server: TestServer,
  repository: string,
  death: { readonly after?: BackupStep; readonly afterMs?: number } = {},
): Promise<NodeJS.Signals | null> {
  const step = death.after === undefined ? [] : [death.after];
  const child = spawn(process.execPath, [agent, server.folder, 'killed', repository, ...step], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const timer =
    death.afterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGKILL'), death.afterMs);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  if (signal === null) assert.equal(code, 0);
  return signal;
}

test('an agent killed between any two steps, or at any moment, loses and doubles nothing', async () => {
  await using folder = await temporaryDirectory();
  await using server = await TestServer.start();
  await server.createDatabase('killed');
  await using session = await server.connect('killed');
  await session.client.query(loadTables);
  const chain = new TestChain(server, 'killed');
  chain.repository = await DiskRepository.open(folder.path);
  await chain.publish();
  await chain.full();
  {
    await using _writers = new Writers(server, 'killed', 2);
    for (const after of backupSteps) {
      assert.equal(await runAgent(server, folder.path, { after }), 'SIGKILL', after);
    }
    for (let round = 0; round < rounds(2, 200); round++) {
      await runAgent(server, folder.path, { afterMs: 150 + Math.random() * 400 });
    }
  }
  assert.equal(await runAgent(server, folder.path), null);
  chain.repository = await DiskRepository.open(folder.path);
  await chain.restore('restored');
  await using restored = await server.session('restored');
  assert.deepEqual(await digestTables(restored.client), await digestTables(session.client));
  // Nothing but the chain's own slot is left on the server.
  const slots = await session.client.query('SELECT slot_name FROM pg_replication_slots');
  assert.deepEqual(slots.rows, [{ slot_name: 'killed' }]);
});

test('a server stopped at once between any two steps loses and doubles nothing', async () => {
  await using server = await TestServer.start();
  await server.createDatabase('stopped');
  const chain = new TestChain(server, 'stopped');
  {
    await using session = await server.connect('stopped');
    await session.client.query(loadTables);
    await chain.publish();
    await chain.full();
  }
  for (const fatal of backupSteps) {
    await write(server);
    const { repository } = chain;
    repository.onStep = async (step) => {
      if (step !== fatal) return;
      repository.onStep = async () => undefined;
      await server.stopImmediately();
      await server.boot();
    };
    // Whatever the run makes of it: the next one must go on.
    await chain.incremental().catch(() => undefined);
    await write(server);
    assert.equal(await chain.incremental(), undefined, fatal);
  }
  await chain.restore('restored');
  await using restored = await server.session('restored');
  await using source = await server.session('stopped');
  assert.deepEqual(await digestTables(restored.client), await digestTables(source.client));
});

async function write(server: TestServer): Promise<void> {
  await using session = await server.connect('stopped');
  for (let row = 0; row < 20; row++) {
    await session.client.query('INSERT INTO entry (account, amount) VALUES (1, 1)');
    await session.client.query('UPDATE account SET balance = balance + 1 WHERE id = $1', [row + 1]);
    await session.client.query('INSERT INTO bare VALUES (1)');
  }
}
