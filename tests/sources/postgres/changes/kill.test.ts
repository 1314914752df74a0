import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { resolveTarget } from '../../../../backup-agent/sources/postgres/connection-target.ts';
import { applyPreparation } from '../../../../backup-agent/sources/postgres/prepare/prepare-source.ts';
import { restorePostgres } from '../../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { environment, never } from '../../../fixtures/postgres/source-fixture.ts';
import { rounds, testScale } from '../../../support/scale.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { TestChain } from './support/chain.ts';
import { digestTables } from './support/digest.ts';
import { DiskRepository } from './support/disk-repository.ts';
import { backupSteps, type BackupStep } from './support/memory-repository.ts';
import { TestServer } from './support/test-server.ts';
import { loadTables, Writers } from './support/writers.ts';

const agent = join(import.meta.dirname, 'support', 'agent-child.ts');

const urlOf = ({ folder }: TestServer, database: string) =>
  `postgres://postgres@/${database}?host=${encodeURIComponent(folder)}`;

interface Run {
  readonly signal: NodeJS.Signals | null;
  /** The steps that it did, from `ready` on. */
  readonly steps: readonly string[];
  readonly ms: number;
}

/** Runs an agent in its own process; kills it after a step, or so long after it began. */
async function runAgent(
  server: TestServer,
  repository: string,
  death: { readonly after?: BackupStep; readonly afterMs?: number } = {},
): Promise<Run> {
  const step = death.after === undefined ? [] : [death.after];
  const child = spawn(process.execPath, [agent, urlOf(server, 'killed'), repository, ...step], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(child.stdout);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  const startedAt = performance.now();
  const timer =
    death.afterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGKILL'), death.afterMs);
  const [code, signal] = await exited;
  clearTimeout(timer);
  if (signal === null) assert.equal(code, 0);
  return { signal, steps: (await said).trim().split('\n'), ms: performance.now() - startedAt };
}

test('an agent killed between any two steps of a full or an incremental, or at any moment, loses and doubles nothing', async (t) => {
  await using folder = await temporaryDirectory();
  await using server = await TestServer.start();
  await server.createDatabase('killed');
  await using session = await server.connect('killed');
  await session.client.query(loadTables);
  const target = await resolveTarget({ url: urlOf(server, 'killed'), environment });
  await applyPreparation({
    target,
    job: 'crm',
    role: 'holdfast',
    slotDropBytes: 2 ** 30,
    signal: never,
  });
  const landed = new Map<string, number>();
  const killed = ({ signal, steps }: Run) => {
    const at = signal === null ? 'not killed' : `after ${steps.at(-1)}`;
    landed.set(at, (landed.get(at) ?? 0) + 1);
  };
  {
    await using _writers = new Writers(server, 'killed', 2);
    // Until the full is committed each life begins one; from there on each goes on with its chain.
    const ofFull =
      testScale > 1
        ? (['begun', 'stored', 'described', 'yielded'] as const)
        : (['yielded'] as const);
    for (const after of [...ofFull, ...backupSteps]) {
      const run = await runAgent(server, folder.path, { after });
      assert.equal(run.signal, 'SIGKILL', after);
      killed(run);
    }
    const { ms: usualMs } = await runAgent(server, folder.path);
    for (let round = 0; round < rounds(1, 200); round++) {
      // Every tenth begins a full, which takes longer.
      if (round % 10 === 9) await rm(folder.path, { recursive: true });
      const longestMs = round % 10 === 9 ? 3 * usualMs : usualMs;
      killed(await runAgent(server, folder.path, { afterMs: Math.random() * longestMs }));
    }
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(landed)));
  const last = await runAgent(server, folder.path);
  assert.equal(last.signal, null);
  const repository = await DiskRepository.open(folder.path);
  const into = await resolveTarget({ url: urlOf(server, 'restored'), environment });
  const { problems } = await restorePostgres({
    ...repository.run(),
    chain: repository.chain,
    target: into,
  });
  assert.deepEqual(problems, []);
  await using restored = await server.session('restored');
  assert.deepEqual(await digestTables(restored.client), await digestTables(session.client));
  // Nothing but the chain's own slot is left on the server.
  const [full] = repository.chain;
  assert.ok(full);
  const { slot } = full.source as { readonly slot: string };
  const slots = await session.client.query('SELECT slot_name FROM pg_replication_slots');
  assert.deepEqual(slots.rows, [{ slot_name: slot }]);
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
