import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pMap from 'p-map';
import type { Agent } from '../../backup-agent/operations/agent.ts';
import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { runBackup } from '../../backup-agent/operations/backup.ts';
import { copyBackups } from '../../backup-agent/operations/copy.ts';
import { readHistory } from '../../backup-agent/operations/history.ts';
import { pruneBackups } from '../../backup-agent/operations/prune.ts';
import { verifyBackups } from '../../backup-agent/operations/verify.ts';
import { jobPrefix } from '../../backup-agent/repository/layout.ts';
import { startS3Server, type S3Server } from '../fixtures/s3/server.ts';
import { rounds, testScale } from '../support/scale.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makeInstallation, openInstallation } from './support/installation.ts';
import { patienceMs, type ChildTask } from './support/kill-task.ts';
import { killJob, openStore, type Store } from './support/stores.ts';
import { run } from './support/scenario.ts';

type Operation = ChildTask['operation'];
const operations = ['backup', 'copy', 'prune'] as const;
const childFile = join(import.meta.dirname, 'support/kill-child.ts');

let server: S3Server;
let root: Awaited<ReturnType<typeof temporaryDirectory>>;
before(async () => {
  root = await temporaryDirectory();
  server = await startS3Server();
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

interface Installation {
  readonly directory: string;
  readonly store: Store;
}

let installations = 0;

/** Two chains in the primary, the older of which retention lets go; none copied yet. */
async function prepare(type: Store['type']): Promise<Installation> {
  installations += 1;
  const prefix = `installation-${installations}`;
  const directory = join(root.path, prefix);
  await cp(await templateDirectory(), directory, { recursive: true });
  if (type === 'local') return { directory, store: { type, directory } };
  const store: Store = { type, endpoint: server.endpoint, bucket: 'versioned', prefix };
  // The local template knows other repositories.
  await rm(join(directory, 'state'), { recursive: true });
  await runBackups(await open({ directory, store }));
  return { directory, store };
}

let template: Promise<string> | undefined;

/** Made once and copied: keys, and what a local installation has stored. */
function templateDirectory(): Promise<string> {
  template ??= (async () => {
    const path = join(root.path, 'template');
    await mkdir(path);
    await makeInstallation(path);
    const agent = await open({ directory: path, store: { type: 'local', directory: path } });
    await runBackups(agent);
    return path;
  })();
  return template;
}

async function runBackups(agent: Agent): Promise<void> {
  for (const kind of ['full', 'incremental', 'full'] as const)
    await runBackup(agent, { job: 'crm', kind }, run);
}

/**
 * The next run, at a time past what the killed one left: its lease, and in a directory its claim to
 * replace the lease, which was killed in the middle.
 */
function open({ directory, store }: Installation): Promise<Agent> {
  const now = () => new Date(Date.now() + 4 * 60_000);
  return openInstallation(directory, {
    now,
    storage: (name) => openStore(store, name, { claimLifetimeMs: 0 }),
    job: killJob,
    signal: AbortSignal.timeout(patienceMs),
  });
}

interface Ended {
  readonly output: string;
  readonly killed: boolean;
  /** From the moment it was ready. */
  readonly tookMs: number;
}

async function runChild(task: ChildTask, killAfterMs?: number): Promise<Ended> {
  const child = spawn(process.execPath, [childFile, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  const readyAt = performance.now();
  if (killAfterMs !== undefined) {
    await delay(killAfterMs);
    child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  const tookMs = performance.now() - readyAt;
  assert.ok(code === 0 || signal === 'SIGKILL', `the child ended with ${code ?? signal}`);
  return { output: await output, killed: signal === 'SIGKILL', tookMs };
}

async function storedIds(agent: Agent, repository: string): Promise<Set<string>> {
  const { storage } = await agent.openRepository(repository);
  const ids = new Set<string>();
  for await (const { key } of storage.listVersions(jobPrefix('crm'))) {
    const id = /\/(\d{8}T[^/]+)\//.exec(key)?.[1];
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

async function idsIn(agent: Agent, repository: string): Promise<string[]> {
  const { backups } = await readHistory(agent, await agent.openRepository(repository), 'crm');
  return backups.map(({ manifest }) => manifest.id);
}

async function assertSound(agent: Agent, repository: string): Promise<void> {
  const check = { job: 'crm', repository, read: { type: 'all' } } as const;
  const { damage } = await verifyBackups(agent, check, run);
  assert.deepEqual(damage, []);
}

/** What must hold after a kill: all that is committed verifies, and the next run just works. */
async function assertRecovers(installation: Installation, operation: Operation): Promise<void> {
  const agent = await open(installation);
  await assertSound(agent, 'primary');
  if (operation === 'backup') {
    const committed = await idsIn(agent, 'primary');
    assert.ok(committed.length === 3 || committed.length === 4);
    const [next] = await runBackup(agent, { job: 'crm', kind: 'auto' }, run);
    assert.deepEqual(await idsIn(agent, 'primary'), [...committed, next?.id]);
  } else if (operation === 'copy') {
    if (await exists(agent, 'offsite')) await assertSound(agent, 'offsite');
    await copyBackups(agent, 'crm', 'offsite', run);
    assert.deepEqual(await idsIn(agent, 'offsite'), await idsIn(agent, 'primary'));
    await assertSound(agent, 'offsite');
  } else {
    await pruneBackups(agent, { job: 'crm', confirm: true }, run);
    const left = await idsIn(agent, 'primary');
    assert.equal(left.length, 1);
    assert.deepEqual(await storedIds(agent, 'primary'), new Set(left));
  }
  await assertSound(agent, 'primary');
}

async function exists(agent: Agent, repository: string): Promise<boolean> {
  try {
    await agent.openRepository(repository);
    return true;
  } catch (error) {
    if (isHoldfastError(error, 'repository-not-found')) return false;
    throw error;
  }
}

/** Several at once: each case is a process, and mostly waits for the disk. */
const atOnce = 3;

type Point = NonNullable<ChildTask['killAt']>;

/** Every moment at which the operation can be killed by name. */
async function pointsOf(type: Store['type'], operation: Operation): Promise<Point[]> {
  const { output } = await runChild({ ...(await prepare(type)), operation });
  const names: string[] = JSON.parse(output.trim().split('\n').at(-1) ?? '[]');
  return names.map((point, index) => ({
    point,
    skip: names.slice(0, index).filter((name) => name === point).length,
  }));
}

/** After one write is before the next: in a short run each kind of moment is tried once. */
function isDistinct({ point, skip }: Point): boolean {
  return skip === 0 && (point.startsWith('before') || point === 'after put commits');
}

async function killAtEach(type: Store['type'], operation: Operation, points: readonly Point[]) {
  await pMap(
    points,
    async (killAt) => {
      const installation = await prepare(type);
      const { killed } = await runChild({ ...installation, operation, killAt });
      // One that passes its point alive would prove nothing.
      assert.ok(killed, `a ${operation} does not pass ${killAt.point}`);
      await assertRecovers(installation, operation);
    },
    { concurrency: atOnce },
  );
  return `killed at ${points.length} points: ${points.map(({ point }) => point).join(', ')}`;
}

async function killAtRandom(operation: Operation): Promise<string> {
  const types = testScale > 1 ? (['local', 's3'] as const) : (['local'] as const);
  const took = await pMap(
    types,
    async (type) => (await runChild({ ...(await prepare(type)), operation })).tookMs,
  );
  const killed = await pMap(
    Array.from({ length: rounds(1, 200) }, (_, round) => round % types.length),
    async (which) => {
      const installation = await prepare(types[which] ?? 'local');
      const killAfterMs = Math.random() * (took[which] ?? 0);
      const ended = await runChild({ ...installation, operation }, killAfterMs);
      await assertRecovers(installation, operation);
      return ended.killed;
    },
    { concurrency: atOnce },
  );
  return `killed ${killed.filter(Boolean).length} of ${killed.length} times, the others were done`;
}

for (const operation of operations)
  describe(`a ${operation} that is killed`, () => {
    test('at any named point leaves all that is committed sound, and the next run completes', async (t) => {
      const all = await pointsOf('local', operation);
      const points = testScale > 1 ? all : all.filter(isDistinct);
      for (const point of ['before put commits', 'after put commits'])
        assert.ok(points.some((each) => each.point === point));
      t.diagnostic(await killAtEach('local', operation, points));
    });

    test('at the points around its commit on S3, or at all in a long run, does too', async (t) => {
      const around =
        operation === 'prune'
          ? ['after put commits', 'after remove manifest']
          : ['before put commits', 'after put commits', 'before put objects'];
      const points =
        testScale > 1
          ? await pointsOf('s3', operation)
          : around.map((point) => ({ point, skip: 0 }));
      t.diagnostic(await killAtEach('s3', operation, points));
    });

    test('at random moments does too', async (t) => {
      t.diagnostic(await killAtRandom(operation));
    });
  });
