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
import type { ChildTask } from './support/kill-child.ts';
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

/** The next run, on a host whose clock is past the lease that the killed one left. */
function open({ directory, store }: Installation): Promise<Agent> {
  const now = () => new Date(Date.now() + 4 * 60_000);
  return openInstallation(directory, {
    now,
    storage: (name) => openStore(store, name),
    job: killJob,
  });
}

async function runChild(task: ChildTask, killAfterMs?: number): Promise<string> {
  const child = spawn(process.execPath, [childFile, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const exited = once(child, 'exit');
  if (killAfterMs !== undefined) {
    await Promise.race([once(child.stdout, 'data'), exited]);
    await delay(killAfterMs);
    child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  assert.ok(code === 0 || signal === 'SIGKILL', `the child ended with ${code ?? signal}`);
  return await output;
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

function isDistinct(point: string): boolean {
  return point.startsWith('before') || point === 'after put commits';
}

/** Several at once: each case is a process, and mostly waits for the disk. */
const atOnce = 3;

async function pointsOf(type: Store['type'], operation: Operation): Promise<string[]> {
  const lines = (await runChild({ ...(await prepare(type)), operation })).trim().split('\n');
  const points: string[] = JSON.parse(lines.at(-1) ?? '[]');
  return [...new Set(points)];
}

for (const operation of operations)
  describe(`a ${operation} that is killed`, () => {
    test('at any named point leaves all that is committed sound, and the next run completes', async () => {
      const all = await pointsOf('local', operation);
      // After one write is before the next: in a short run each moment is tried once.
      const points = testScale > 1 ? all : all.filter(isDistinct);
      assert.ok(points.includes('before put commits') && points.includes('after put commits'));
      await pMap(
        points,
        async (point) => {
          const installation = await prepare('local');
          await runChild({ ...installation, operation, killAt: { point, skip: 0 } });
          await assertRecovers(installation, operation);
        },
        { concurrency: atOnce },
      );
    });

    test('at the points around its commit on S3, or at all in a long run, does too', async () => {
      const around =
        operation === 'prune'
          ? ['after put commits', 'after remove manifest']
          : ['before put commits', 'after put commits', 'before put objects'];
      await pMap(
        testScale > 1 ? await pointsOf('s3', operation) : around,
        async (point) => {
          const installation = await prepare('s3');
          await runChild({ ...installation, operation, killAt: { point, skip: 0 } });
          await assertRecovers(installation, operation);
        },
        { concurrency: atOnce },
      );
    });

    test('at random moments does too', async () => {
      const startedAt = performance.now();
      await runChild({ ...(await prepare('local')), operation });
      const longestMs = performance.now() - startedAt;
      await pMap(
        Array.from({ length: rounds(2, 200) }),
        async (_, round) => {
          const installation = await prepare(round % 2 === 0 ? 'local' : 's3');
          await runChild({ ...installation, operation }, Math.random() * longestMs * 0.7);
          await assertRecovers(installation, operation);
        },
        { concurrency: atOnce },
      );
    });
  });
