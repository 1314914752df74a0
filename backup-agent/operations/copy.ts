import pMap from 'p-map';
import type { Manifest, ObjectEntry } from '../../contracts/manifest.ts';
import {
  HoldfastError,
  isHoldfastError,
  isIntegrity,
  type Problem,
} from '../errors/holdfast-error.ts';
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
import { readHistoryDespiteDamage, type DamagedHistory } from './history.ts';
import { lockOf } from './locks.ts';
import { readyToSign } from './ready-to-sign.ts';

export interface CopyOutcome {
  readonly target: string;
  readonly copied: readonly Manifest[];
  readonly alreadyThere: number;
  /** What damage kept from the target, by the backups' ids, and what is damaged there. */
  readonly uncopied: readonly Problem[];
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
 * ledger come along, before any backup. What is damaged, and what hangs on it, stays behind and is in
 * the outcome; it keeps nothing else.
 */
export async function copyBackups(
  agent: Agent,
  jobName: string,
  targetName: string,
  run: Run,
): Promise<CopyOutcome> {
  await readyToSign(agent, 'writer');
  const source = await agent.openRepository(agent.job(jobName).repository);
  const target = await agent.openOrCreateRepository(targetName);
  const here = await readHistoryDespiteDamage(agent, source, jobName);
  const there = await readHistoryDespiteDamage(agent, target, jobName);
  const lost = lostByManifest(here, there);
  const missing = newestChainFirst(missingThere(here.backups, there, lost));

  run.progress.step(`copy to ${targetName}`, { amount: storedBytes(missing), unit: 'bytes' });
  const log = await carryErasures(
    agent,
    jobName,
    { repository: source, log: here.log },
    { repository: target, log: there.log },
  );
  const copied = await copyEach({ agent, source, target, run }, missing, log, lost);
  return {
    target: targetName,
    copied: copied.map((backup) => backup.manifest),
    alreadyThere: here.backups.length - missing.length,
    uncopied: [...lost].map(([where, what]) => ({ where, what })),
    bytes: storedBytes(copied),
    lagMs: {
      ...lagBehind(here.backups, there.backups, 'before'),
      ...lagBehind(here.backups, [...there.backups, ...copied], 'after'),
    },
  };
}

function storedBytes(backups: readonly BackupRecord[]): number {
  return backups.reduce((sum, { manifest }) => sum + manifest.storedBytes, 0);
}

/** Backups that damage keeps from the target, and why; grows with what is found on the way. */
type Lost = Map<string, string>;

/** What lies damaged here is no loss where the target has it. */
function lostByManifest(here: DamagedHistory, there: DamagedHistory): Lost {
  const ever = everCommitted(there.log);
  const lost = [...here.unreadable.filter(({ id }) => !ever.has(id)), ...there.unreadable];
  return new Map(lost.map(({ id, error }) => [id, `${error.message} (${error.code})`]));
}

interface Copying {
  readonly agent: Agent;
  readonly source: Repository;
  readonly target: Repository;
  readonly run: Run;
}

async function copyEach(
  { agent, source, target, run }: Copying,
  missing: readonly BackupRecord[],
  theirs: readonly CommitRecord[],
  lost: Lost,
): Promise<BackupRecord[]> {
  const copied: BackupRecord[] = [];
  let log = theirs;
  for (const backup of missing) {
    if (isCutOff(backup, lost)) continue;
    try {
      await copyObjects(agent, source, target, backup.manifest, run);
      await copyManifest(agent, source, target, backup);
    } catch (error) {
      if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
      lost.set(backup.manifest.id, `${error.message} (${error.code})`);
      continue;
    }
    log = await commitCopy(agent, target, backup, log);
    copied.push(backup);
  }
  return copied;
}

/** Whether it hangs on what was lost, and so is lost itself. */
function isCutOff({ manifest: { id, parent } }: BackupRecord, lost: Lost): boolean {
  if (parent === undefined || !lost.has(parent)) return false;
  lost.set(id, `hangs on ${parent}, which is damaged`);
  return true;
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
function missingThere(
  backups: readonly BackupRecord[],
  there: DamagedHistory,
  lost: Lost,
): BackupRecord[] {
  const ever = everCommitted(there.log);
  const usable = new Set(there.backups.map(({ manifest }) => manifest.id));
  return backups.filter((backup) => {
    const { id, parent } = backup.manifest;
    if (ever.has(id) || isCutOff(backup, lost)) return false;
    if (parent !== undefined && !usable.has(parent)) return false;
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
  const damaged: HoldfastError[] = [];
  await pMap(
    entries,
    async ({ area, entry }) => {
      if (damaged.length > 0) return;
      try {
        await copyObject(agent, source, target, manifest, area, entry);
      } catch (error) {
        // Thrown when the objects under way are done, for the copy goes on with other backups.
        if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
        damaged.push(error);
      }
      run.progress.advance(entry.sizeBytes);
    },
    { concurrency: parallelObjects, signal: agent.signal },
  );
  if (damaged[0]) throw damaged[0];
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
