import pMap from 'p-map';
import type { Manifest, ObjectEntry } from '../../contracts/manifest.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import {
  everCommitted,
  existingBackups,
  prunedSince,
  type BackupRecord,
} from '../repository/backups.ts';
import { appendCommit, type CommitRecord } from '../repository/commit-log.ts';
import { manifestKey, objectKey, type Area } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { createDocument, readSmall } from '../repository/small-objects.ts';
import { expectDigest, sha256Hex } from '../stream/digest.ts';
import { through } from '../stream/transform.ts';
import type { Agent, Run } from './agent.ts';
import { carryErasures } from './erasures.ts';
import { readHistory, type History } from './history.ts';
import { lockOf } from './locks.ts';

export interface CopyOutcome {
  readonly target: string;
  readonly copied: readonly Manifest[];
  readonly alreadyThere: number;
  readonly bytes: number;
  /**
   * How far the newest point in the target lies behind the newest one of the job's own repository,
   * in milliseconds; absent where the target still has none.
   */
  readonly lagMs: { readonly before?: number; readonly after?: number };
}

const parallelObjects = 4;

/**
 * Brings every backup of a job that `targetName` lacks into it, as ciphertext: no identity is needed.
 * A backup exists in the target once the target's own log names its manifest. The newest chain goes
 * first; within a chain the full goes first, so that what was copied restores. Requests of the erasure
 * ledger come along, before any backup.
 */
export async function copyBackups(
  agent: Agent,
  jobName: string,
  targetName: string,
  run: Run,
): Promise<CopyOutcome> {
  const source = await agent.openRepository(agent.job(jobName).repository);
  const target = await agent.openOrCreateRepository(targetName);
  const here = await readHistory(agent, source, jobName);
  const there = await readHistory(agent, target, jobName);
  const missing = newestChainFirst(missingThere(here.backups, there));

  const bytes = missing.reduce((sum, { manifest }) => sum + manifest.storedBytes, 0);
  run.progress.step(`copy to ${targetName}`, { amount: bytes, unit: 'bytes' });
  let log = await carryErasures(
    agent,
    jobName,
    { repository: source, log: here.log },
    { repository: target, log: there.log },
  );
  for (const backup of missing) {
    await copyObjects(agent, source, target, backup.manifest, run);
    await copyManifest(agent, source, target, backup);
    log = await commitCopy(agent, target, backup, log);
  }
  return {
    target: targetName,
    copied: missing.map((backup) => backup.manifest),
    alreadyThere: here.backups.length - missing.length,
    bytes,
    lagMs: {
      ...lagBehind(here.backups, there.backups, 'before'),
      ...lagBehind(here.backups, [...there.backups, ...missing], 'after'),
    },
  };
}

function lagBehind(
  here: readonly BackupRecord[],
  there: readonly BackupRecord[],
  moment: 'before' | 'after',
): CopyOutcome['lagMs'] {
  const newest = (backups: readonly BackupRecord[]) =>
    Math.max(...backups.map(({ manifest }) => Date.parse(manifest.point.time)));
  if (here.length === 0 || there.length === 0) return {};
  return { [moment]: Math.max(0, newest(here) - newest(there)) };
}

/**
 * What was pruned there does not come back, nor does what hangs on it: it would restore to nothing.
 * Backups come oldest first.
 */
function missingThere(backups: readonly BackupRecord[], there: History): BackupRecord[] {
  const ever = everCommitted(there.log);
  const usable = new Set(there.backups.map(({ manifest }) => manifest.id));
  return backups.filter(({ manifest: { id, parent } }) => {
    if (ever.has(id) || (parent !== undefined && !usable.has(parent))) return false;
    usable.add(id);
    return true;
  });
}

function newestChainFirst(backups: readonly BackupRecord[]): BackupRecord[] {
  const chains = Map.groupBy(backups, (backup) => backup.manifest.base);
  return [...chains.values()].toReversed().flat();
}

async function copyObjects(
  agent: Agent,
  source: Repository,
  target: Repository,
  manifest: Manifest,
  run: Run,
): Promise<void> {
  const entries = (['objects', 'meta'] as const).flatMap((area) =>
    manifest[area].map((entry) => ({ area, entry })),
  );
  await pMap(
    entries,
    async ({ area, entry }) => {
      await copyObject(agent, source, target, manifest, area, entry);
      run.progress.advance(entry.sizeBytes);
    },
    { concurrency: parallelObjects, signal: agent.signal },
  );
}

/** An object that a killed copy left behind is kept when it is the right one. */
async function copyObject(
  agent: Agent,
  source: Repository,
  target: Repository,
  manifest: Manifest,
  area: Area,
  entry: ObjectEntry,
): Promise<void> {
  const key = objectKey(manifest.job, manifest.id, area, entry.name);
  const { signal } = agent;
  const checked = async (repository: Repository) =>
    through(await repository.storage.get(key, { signal }), [
      expectDigest(entry, `${repository.name}: ${key}`),
    ]);
  if (await target.storage.stat(key, { signal })) {
    for await (const _ of await checked(target));
    return;
  }
  const stored = await target.storage.put(key, await checked(source), {
    ifAbsent: true,
    sizeBytes: entry.sizeBytes,
    signal,
    ...lockOf(agent, manifest.job, target.name, new Date(manifest.startedAt)),
  });
  if (stored.sizeBytes !== entry.sizeBytes)
    throw new HoldfastError(
      'object-damaged',
      `${target.name}: ${key} has ${stored.sizeBytes} of ${entry.sizeBytes} bytes after it was copied`,
    );
}

/** The manifest's bytes stay as they were signed. */
async function copyManifest(
  agent: Agent,
  source: Repository,
  target: Repository,
  { manifest, digest }: BackupRecord,
): Promise<void> {
  const key = manifestKey(manifest.job, manifest.id);
  const bytes = await readSmall(source.storage, key, { signal: agent.signal });
  if (sha256Hex(bytes) !== digest)
    throw new HoldfastError('object-damaged', `${source.name}: ${key} changed while it was copied`);
  try {
    await createDocument(target.storage, key, bytes, {
      signal: agent.signal,
      ...lockOf(agent, manifest.job, target.name, new Date(manifest.startedAt)),
    });
  } catch (error) {
    if (!isHoldfastError(error, 'storage-object-exists')) throw error;
    throw new HoldfastError('object-damaged', `${target.name}: ${key} is another manifest`, {
      cause: error,
    });
  }
}

async function commitCopy(
  agent: Agent,
  target: Repository,
  { manifest, digest }: BackupRecord,
  log: readonly CommitRecord[],
): Promise<readonly CommitRecord[]> {
  const extended = await appendCommit(
    {
      repository: target,
      job: manifest.job,
      subject: { type: 'backup', id: manifest.id, digest },
      key: await agent.signingKey('writer'),
      by: agent.by,
      now: agent.now,
      signal: agent.signal,
      ...lockOf(agent, manifest.job, target.name, new Date(manifest.startedAt)),
      stillValid: (theirs) => {
        const { id, parent } = manifest;
        const exists = new Set(existingBackups(theirs).map((backup) => backup.id));
        return (
          !everCommitted(theirs).has(id) &&
          !prunedSince(theirs, log.length, id) &&
          (parent === undefined || exists.has(parent))
        );
      },
    },
    log,
  );
  await agent.seenCommits.remember(target, manifest.job, extended);
  return extended;
}
