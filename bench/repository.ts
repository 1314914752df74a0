import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Commit } from '../contracts/commit.ts';
import type { Manifest } from '../contracts/manifest.ts';
import { generateSigningKey, parseSigningKey } from '../backup-agent/keys/signing-key.ts';
import { newBackupId } from '../backup-agent/repository/backup-id.ts';
import { openHistoryMemory } from '../backup-agent/repository/history-memory.ts';
import { readBackups } from '../backup-agent/repository/backups.ts';
import { committersOf, recallCommits } from '../backup-agent/repository/recalled-log.ts';
import {
  commitDocument,
  manifestDocument,
  sealDocument,
} from '../backup-agent/repository/documents.ts';
import { commitKey, headerKey, manifestKey } from '../backup-agent/repository/layout.ts';
import { openRepository } from '../backup-agent/repository/repository.ts';
import { decideRetention } from '../backup-agent/repository/retention.ts';
import { standings } from '../backup-agent/repository/standing.ts';
import { openLocalStorage } from '../backup-agent/storage/local.ts';
import { sha256Hex } from '../backup-agent/stream/digest.ts';

/**
 * How long it takes to list a job of 10,000 backups as `list` does, and to decide its
 * retention: `node bench/repository.ts [backups]`. Objectives: 2 s and 1 s. The first time everything
 * is read; afterwards the host knows what it has checked.
 */
const count = Number(process.argv[2] ?? '10000');
const job = 'crm';
const repositoryId = randomUUID();
const key = parseSigningKey(generateSigningKey().privateKeyPem);
const trust = [
  { role: 'writer', publicKey: key.publicKey, validFrom: '2020-01-01T00:00:00Z' },
] as const;
const start = Date.parse('2026-01-01T00:00:00.000Z');
const signal = AbortSignal.timeout(600_000);

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
try {
  await fill(directory);
  await measure(directory);
} finally {
  for (const path of [directory, `${directory}-memory`])
    await rm(path, { recursive: true, force: true });
}

async function measure(path: string): Promise<void> {
  const repository = await openRepository({
    name: 'bench',
    storage: openLocalStorage(path),
    trust,
    signal,
  });
  for (const round of ['first time', 'again', 'and again']) {
    const listing = performance.now();
    const cpu = process.cpuUsage();
    const memory = await openHistoryMemory(`${path}-memory`, repository, job);
    const log = await recallCommits(repository, job, memory.commits, signal);
    const read = performance.now();
    const backups = await readBackups(repository, log, signal, {
      manifests: memory.manifests,
      committers: committersOf(log),
    });
    await memory.add(log, new Map(backups.map(({ manifest, digest }) => [digest, manifest])));
    const { user, system } = process.cpuUsage(cpu);
    const deciding = performance.now();
    const now = new Date(start + count * 900_000);
    const standing = standings(backups, { log, evidence: [], now, anomalous: new Set() });
    const decisions = decideRetention(
      backups.map(({ manifest, held, committedAt }) => ({
        ...manifest,
        time: new Date(manifest.point.time),
        committedAt: new Date(committedAt),
        held,
        standing: standing.get(manifest.id) ?? 'unproven',
      })),
      {
        keepWithin: 14 * 86_400_000,
        keepHourly: 48,
        keepDaily: 30,
        keepWeekly: 8,
        keepMonthly: 12,
      },
      now,
    );
    const done = performance.now();
    const kept = decisions.filter(({ keep }) => keep).length;
    report(
      `${round}: log ${ms(listing, read)}, manifests ${ms(read, deciding)}, listing ${ms(listing, deciding)} (processor ${((user + system) / 1e6).toFixed(1)} s), retention ${ms(deciding, done)} (${kept} of ${decisions.length} stay)`,
    );
  }
  const { maxRSS } = process.resourceUsage();
  report(`greatest resident memory ${Math.round(maxRSS / 1024)} MiB`);
}

function ms(from: number, to: number): string {
  return `${((to - from) / 1_000).toFixed(2)} s`;
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A backup each quarter of an hour, a full each week; written without fsync, for it is the input. */
async function fill(path: string): Promise<void> {
  const write = async (name: string, content: Uint8Array | string) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  };
  await write(
    headerKey,
    JSON.stringify({ format: 'holdfast-repository', version: 1, repositoryId, createdAt: '' }),
  );
  let base = '';
  let parent = '';
  let previous: string | undefined;
  for (let index = 0; index < count; index++) {
    const at = new Date(start + index * 900_000);
    const id = newBackupId(at, (length) => Buffer.alloc(length, index));
    const full = index % 672 === 0;
    if (full) base = id;
    const manifest = sealDocument(manifestDocument, manifestOf(id, at, full, base, parent), key);
    await write(manifestKey(job, id), manifest);
    const commit: Commit = {
      format: 'holdfast-commit/1',
      repositoryId,
      job,
      sequence: index + 1,
      ...(previous === undefined ? {} : { previous }),
      subject: { type: 'backup', id, digest: sha256Hex(manifest) },
      at: at.toISOString(),
      by: 'bench/1',
    };
    const bytes = sealDocument(commitDocument, commit, key);
    await write(commitKey(job, index + 1), bytes);
    previous = sha256Hex(bytes);
    parent = id;
  }
}

function manifestOf(id: string, at: Date, full: boolean, base: string, parent: string): Manifest {
  const digest = '0'.repeat(64);
  const time = at.toISOString();
  return {
    format: 'holdfast-manifest/1',
    repositoryId,
    job,
    id,
    kind: full ? 'full' : 'incremental',
    ...(full ? {} : { parent }),
    base,
    status: 'complete',
    problems: 0,
    startedAt: time,
    finishedAt: time,
    point: { time, lsn: '16/B374D848' },
    source: { kind: 'postgres' },
    items: 1_000,
    plaintextBytes: 1_000_000,
    storedBytes: 300_000,
    objects: [{ name: 'changes.pgoutput.zst.age', sizeBytes: 299_000, sha256: digest }],
    meta: [
      { name: 'coverage.json.zst.age', sizeBytes: 500, sha256: digest },
      { name: 'inventory.json.zst.age', sizeBytes: 500, sha256: digest },
    ],
    recipients: { objects: [digest], meta: [digest, digest] },
    tool: { name: 'holdfast', version: '0.1.0' },
  };
}
