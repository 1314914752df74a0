import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createAgent } from '../backup-agent/composition.ts';
import { runBackup } from '../backup-agent/operations/backup.ts';
import { copyBackups } from '../backup-agent/operations/copy.ts';
import {
  generateKeys,
  keyNames,
  keysConfiguration,
} from '../backup-agent/operations/generate-keys.ts';
import type { Log, Progress } from '../backup-agent/sources/source.ts';
import { tuneGarbageCollection } from '../backup-agent/stream/garbage-collection.ts';

/**
 * Copies a repository in a directory to another, and the same with `cp`, in turn:
 * `node bench/copy.ts [MiB]`. Both are synced to the disk. The objective: 80 % of the speed of `cp`.
 */
const mebibytes = Number(process.argv[2] ?? '1024');
const rounds = 3;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
tuneGarbageCollection();

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
const at = (name: string) => join(directory, name);
let made: ReturnType<typeof generatedKeys> | undefined;
const best = { copy: Infinity, cp: Infinity };
try {
  await prepare();
  for (let round = 0; round < rounds; round++) {
    best.cp = Math.min(best.cp, await timed(() => copyWithTools(`cp-${round}`)));
    best.copy = Math.min(best.copy, await timed(() => copyWithHoldfast(`copy-${round}`)));
    for (const name of [`cp-${round}`, `copy-${round}`])
      await rm(at(name), { recursive: true, force: true });
  }
  const rate = (seconds: number) => `${Math.round(mebibytes / seconds)} MiB/s`;
  process.stdout.write(
    `${mebibytes} MiB, best of ${rounds}: holdfast copy ${rate(best.copy)}, cp ${rate(best.cp)}, ratio ${(best.cp / best.copy).toFixed(2)}\n`,
  );
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** Files that do not compress, as attachments seldom do, backed up once. */
async function prepare(): Promise<void> {
  await mkdir(at('files'));
  for (let number = 0; number < mebibytes / 16; number++)
    await writeFile(at(`files/f${number}`), randomBytes(16 * 2 ** 20));
  const agent = await openAgent('never');
  await runBackup(agent, { job: 'files', kind: 'full' }, { progress });
  await agent[Symbol.asyncDispose]();
}

async function openAgent(target: string) {
  const keys = await (made ??= generatedKeys());
  const file = at('holdfast.yaml');
  await writeFile(
    file,
    stringify({
      version: 1,
      repositories: {
        primary: { type: 'local', path: 'primary' },
        offsite: { type: 'local', path: target },
      },
      keys,
      jobs: {
        files: {
          source: { type: 'files', path: 'files' },
          repository: 'primary',
          copies: ['offsite'],
          retention: { keepLast: 2 },
        },
      },
    }),
  );
  return await createAgent({
    configFile: file,
    environment: { variables: {}, configFile: undefined, plainOutput: true },
    log,
    signal: new AbortController().signal,
    now: () => new Date(),
  });
}

async function generatedKeys() {
  const now = () => new Date();
  const directory = at('keys');
  const keys = await generateKeys({ directory, names: keyNames, postQuantum: false, now });
  return keysConfiguration(keys, now());
}

async function copyWithHoldfast(target: string): Promise<void> {
  const agent = await openAgent(target);
  await copyBackups(agent, 'files', 'offsite', { progress });
  await agent[Symbol.asyncDispose]();
}

async function copyWithTools(target: string): Promise<void> {
  execFileSync('cp', ['-r', at('primary'), at(target)]);
  const objects = execFileSync('find', [at(target), '-type', 'f'])
    .toString()
    .trim()
    .split('\n');
  execFileSync('sync', objects);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
