import pMap from 'p-map';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { existingBackups, type BackupRecord } from '../repository/backups.ts';
import { chainOf } from '../repository/chain.ts';
import { appendCommit } from '../repository/commit-log.ts';
import { namedObjects } from '../repository/damage.ts';
import { manifestKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';
import { readHistoryDespiteDamage, type DamagedHistory, type History } from './history.ts';
import { openJobRepositories } from './job-repositories.ts';
import { lockOf } from './locks.ts';

export interface HoldRequest {
  readonly job: string;
  readonly backup: string;
  readonly reason: string;
  /** Only there; else in the job's repository and in every copy that has the backup. */
  readonly repository?: string;
}

export interface HoldOutcome {
  readonly repository: string;
  readonly backup: string;
  readonly held: boolean;
  /** False when it was so already; the storage's legal holds are set or lifted all the same. */
  readonly changed: boolean;
  /** The backups whose objects got, or lost, a legal hold where the storage has them. */
  readonly objectsOf: readonly string[];
}

/**
 * Puts a hold on a backup: nothing prunes it, nor what it hangs on. The commit comes first, then the
 * storage's legal holds; after an interruption the same command finishes the rest.
 */
export function holdBackup(agent: Agent, request: HoldRequest): Promise<HoldOutcome[]> {
  return change(agent, request, true);
}

/** Lifts a hold. Objects that another held backup needs keep their legal hold. */
export function releaseBackup(agent: Agent, request: HoldRequest): Promise<HoldOutcome[]> {
  return change(agent, request, false);
}

async function change(agent: Agent, request: HoldRequest, held: boolean): Promise<HoldOutcome[]> {
  const outcomes: HoldOutcome[] = [];
  for (const repository of await openJobRepositories(agent, request.job, request.repository)) {
    const history = await readHistoryDespiteDamage(agent, repository, request.job);
    const damaged = history.unreadable.find(({ id }) => id === request.backup);
    if (damaged) throw damaged.error;
    if (history.backups.some(({ manifest }) => manifest.id === request.backup))
      outcomes.push(await changeIn(agent, repository, history, request, held));
  }
  if (outcomes.length > 0) return outcomes;
  throw new HoldfastError(
    'backup-unknown',
    `no repository of job ${request.job} has ${request.backup}`,
  );
}

async function changeIn(
  agent: Agent,
  repository: Repository,
  history: DamagedHistory,
  request: HoldRequest,
  held: boolean,
): Promise<HoldOutcome> {
  const { backups } = history;
  const chain = chainOf(backups, request.backup);
  const changed = chain.at(-1)?.held !== held;
  if (changed) await commitHold(agent, repository, history, request, held);
  const elsewhere = held ? new Set() : heldWithout(history, request.backup);
  const affected = chain.filter(({ manifest }) => !elsewhere.has(manifest.id));
  await setLegalHolds(agent, repository, affected, held);
  return {
    repository: repository.name,
    backup: request.backup,
    held,
    changed,
    objectsOf: affected.map(({ manifest }) => manifest.id),
  };
}

/** Everything that other holds need. Throws where damage hides what that is. */
function heldWithout({ backups, unreadable }: DamagedHistory, id: string): ReadonlySet<string> {
  const unknown = unreadable.find(({ held }) => held);
  if (unknown) throw unknown.error;
  const others = backups.filter(({ manifest, held }) => held && manifest.id !== id);
  return new Set(
    others.flatMap(({ manifest }) => chainOf(backups, manifest.id).map((link) => link.manifest.id)),
  );
}

async function commitHold(
  agent: Agent,
  repository: Repository,
  { log }: History,
  { job, backup, reason }: HoldRequest,
  held: boolean,
): Promise<void> {
  const extended = await appendCommit(
    {
      repository,
      job,
      subject: { type: held ? 'hold' : 'release', id: backup, reason },
      key: await agent.signingKey('curator'),
      by: agent.by,
      now: agent.now,
      signal: agent.signal,
      ...lockOf(agent, job, repository.name),
      stillValid: (theirs) =>
        existingBackups(theirs).some(({ id, held: before }) => id === backup && before !== held),
    },
    log,
  );
  await agent.seenCommits.remember(repository, job, extended);
}

const parallelHolds = 8;

async function setLegalHolds(
  { signal }: Agent,
  { storage }: Repository,
  backups: readonly BackupRecord[],
  held: boolean,
): Promise<void> {
  const keys = backups.flatMap(({ manifest }) => [
    manifestKey(manifest.job, manifest.id),
    ...namedObjects(manifest).map(({ key }) => key),
  ]);
  await pMap(keys, (key) => storage.setLegalHold(key, held, { signal }), {
    concurrency: parallelHolds,
    signal,
  });
}
