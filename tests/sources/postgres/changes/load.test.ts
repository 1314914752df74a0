import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { captureChanges } from '../../../../backup-agent/sources/postgres/changes/capture.ts';
import { rounds } from '../../../support/scale.ts';
import { TestChain } from './support/chain.ts';
import { digestTables } from './support/digest.ts';
import { TestServer } from './support/test-server.ts';
import { checkpoint, loadTables, Writers } from './support/writers.ts';

/** One run of the agent: most end well, some are abandoned before the commit or right after it. */
async function someIncremental(chain: TestChain): Promise<void> {
  const luck = Math.random();
  if (luck < 0.6) {
    assert.equal(await chain.incremental(), undefined);
    return;
  }
  const backups = captureChanges(chain.feed, chain.repository.run());
  const first = await backups.next();
  assert.ok(!first.done);
  if (luck > 0.8) await chain.repository.commit(first.value);
  await backups.return(undefined);
}

test('under load, with runs abandoned at random, every marked commit comes back as it was', async () => {
  await using server = await TestServer.start();
  await server.createDatabase('busy');
  await using session = await server.connect('busy');
  await session.client.query(loadTables);
  const chain = new TestChain(server, 'busy');
  await chain.publish();
  await using writers = new Writers(server, 'busy', 4);
  await chain.full();
  const checkpoints: Awaited<ReturnType<typeof checkpoint<Record<string, string>>>>[] = [];
  for (let round = 0; round < rounds(5, 120); round++) {
    await someIncremental(chain);
    const look = () => digestTables(session.client);
    checkpoints.push(await checkpoint(session.client, `round ${round}`, look));
    await delay(50 + Math.random() * 200);
  }
  await writers.stop();
  assert.ok(writers.transactions > 100);
  assert.equal(await chain.incremental(), undefined);
  assert.deepEqual(chain.repository.problems, []);
  await chain.close();

  const chosen = checkpoints.toSorted(() => Math.random() - 0.5).slice(0, rounds(3, 60));
  for (const [index, { moment, seen }] of chosen.entries()) {
    await chain.restore(`copy_${index}`, moment);
    await using restored = await server.session(`copy_${index}`);
    // What cannot be followed is only right where a backup ends.
    const { '"public"."bare"': _bare, ...found } = await digestTables(restored.client);
    const { '"public"."bare"': _too, ...expected } = seen;
    assert.deepEqual(found, expected, JSON.stringify(Object.values(moment).map(String)));
  }
  await chain.restore('copy_end');
  await using restored = await server.session('copy_end');
  assert.deepEqual(await digestTables(restored.client), await digestTables(session.client));
});
