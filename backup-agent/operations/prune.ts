import { HoldfastError } from '../errors/holdfast-error.ts';
import type { KeepReason } from '../repository/retention.ts';
import { appendCommit } from '../repository/commit-log.ts';
import { acquireLease, leaseDurationMs } from '../repository/lease.ts';
import { backupPrefix } from '../repository/layout.ts';
import { findLeftovers, type Leftover } from '../repository/leftovers.ts';
import { removeObjects, type LockedObject } from '../repository/remove-objects.ts';
import type { Repository } from '../repository/repository.ts';
import type { Standing } from '../repository/standing.ts';
import type { Agent, Run } from './agent.ts';
import { readHistoryDespiteDamage, type History } from './history.ts';
import { lockOf } from './locks.ts';
import { orphanGraceMs } from './orphan-grace.ts';
import { readyToSign } from './ready-to-sign.ts';
import { planPrune } from './plan-prune.ts';

export interface PruneRequest {
  readonly job: string;
  /** The job's own repository unless told. */
  readonly repository?: string;
  /** Without it nothing is changed: the outcome says what would be done. */
  readonly confirm: boolean;
  /** Waits for another run of the job to end. */
  readonly wait?: boolean;
}

export interface PruneOutcome {
  readonly job: string;
  readonly repository: string;
  readonly confirmed: boolean;
  /** Every backup with its fate, oldest first. */
  readonly backups: readonly PrunedBackup[];
  /** What killed runs and earlier prunes left behind. */
  readonly leftovers: readonly Leftover[];
  /** Storage that was, or would be, freed. */
  readonly freedBytes: number;
  /** Objects that the storage did not let go; the next prune tries again. */
  readonly locked: readonly LockedObject[];
  /** Puts that never finished and were cleared away. */
  readonly unfinished: number;
}

export interface PrunedBackup {
  readonly id: string;
  readonly kind: string;
  readonly time: string;
  readonly standing: Standing;
  readonly storedBytes: number;
  readonly keep: boolean;
  readonly reasons: readonly KeepReason[];
}

const leaseWaitMs = 2_000;
const toleratedSkewMs = 5 * 60_000;

/**
 * Applies a job's retention to one repository. The prune is committed first: from there on the backups
 * do not exist, and whatever an interrupted run leaves of them the next one sweeps. The newest goes
 * first, so that what is left is whole chains. Orphans are named in the same commit, so that a writer
 * that was only slow cannot commit them afterwards.
 *
 * Throws `clock-skewed` when this host's clock and the storage's disagree.
 */
export async function pruneBackups(
  agent: Agent,
  request: PruneRequest,
  run: Run,
): Promise<PruneOutcome> {
  const name = request.repository ?? agent.job(request.job).repository;
  const repository = await agent.openRepository(name);
  const now = await checkedClock(agent, repository);
  if (!request.confirm) return (await preview(agent, repository, request.job, now)).outcome;
  await readyToSign(agent, 'curator');
  await using lease = await acquireLease({
    storage: repository.storage,
    job: request.job,
    owner: agent.by,
    now: agent.now,
    durationMs: leaseDurationMs,
    signal: agent.signal,
    ...(request.wait ? { waitEveryMs: leaseWaitMs } : {}),
  });
  if (lease.takeover) agent.log.warn({ job: request.job }, lease.takeover);
  const plan = await preview(agent, repository, request.job, now);
  await commitPrune(agent, repository, request.job, plan);
  return await sweep(agent, repository, plan, now, run);
}

interface Preview {
  readonly history: History;
  /** Newest first. */
  readonly doomed: readonly string[];
  readonly outcome: PruneOutcome;
}

async function checkedClock(agent: Agent, { storage }: Repository): Promise<Date> {
  const theirs = await storage.now({ signal: agent.signal });
  const skewMs = Math.abs(theirs.getTime() - agent.now().getTime());
  if (skewMs <= toleratedSkewMs) return theirs;
  throw new HoldfastError(
    'clock-skewed',
    `${storage.location} says it is ${theirs.toISOString()}, this host ${agent.now().toISOString()}`,
  );
}

async function preview(
  agent: Agent,
  repository: Repository,
  job: string,
  now: Date,
): Promise<Preview> {
  // Listed before the log is read: what was committed in between is no orphan.
  const found = await findLeftovers(repository, job, agent.signal);
  const history = await readWholeHistory(agent, repository, job);
  const decisions = await planPrune(agent, repository, job, history, now);
  const leftovers = found.of(history.log, new Date(now.getTime() - orphanGraceMs));
  const backups = decisions.map(({ backup, keep, reasons }) => ({
    id: backup.id,
    kind: backup.kind,
    time: backup.time.toISOString(),
    standing: backup.standing,
    storedBytes: backup.storedBytes,
    keep,
    reasons,
  }));
  const going = backups.filter(({ keep }) => !keep);
  const freed = [...going.map(({ storedBytes }) => storedBytes), ...leftovers.map((l) => l.bytes)];
  return {
    history,
    doomed: going.map(({ id }) => id).toReversed(),
    outcome: {
      job,
      repository: repository.name,
      confirmed: false,
      backups,
      leftovers,
      freedBytes: freed.reduce((sum, bytes) => sum + bytes, 0),
      locked: [],
      unfinished: 0,
    },
  };
}

/** What hangs on a manifest that cannot be read is unknown, so nothing can be told to be dispensable. */
async function readWholeHistory(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<History> {
  const { unreadable, ...history } = await readHistoryDespiteDamage(agent, repository, job);
  const [first] = unreadable;
  if (!first) return history;
  throw new HoldfastError(
    first.error.code,
    `nothing is pruned in ${repository.name} while manifests of job ${job} are damaged`,
    {
      cause: first.error,
      problems: unreadable.map(({ id, error }) => ({ where: id, what: error.message })),
      hint: `\`holdfast repair ${job}\` can fetch them from a copy; without one, docs/operations/damage.md says how to go on`,
    },
  );
}

async function commitPrune(
  agent: Agent,
  repository: Repository,
  job: string,
  { history, doomed, outcome }: Preview,
): Promise<void> {
  const orphans = outcome.leftovers.filter(({ why }) => why === 'orphan').map(({ id }) => id);
  const ids = [...doomed, ...orphans];
  if (ids.length === 0) return;
  const log = await appendCommit(
    {
      repository,
      job,
      subject: { type: 'prune', ids },
      key: await agent.signingKey('curator'),
      by: agent.by,
      now: agent.now,
      signal: agent.signal,
      ...lockOf(agent, job, repository.name),
      // Whatever was committed meanwhile, a hold or a backup on top, may change the decision.
      stillValid: () => false,
    },
    history.log,
  );
  await agent.seenCommits.remember(repository, job, log);
}

async function sweep(
  agent: Agent,
  repository: Repository,
  { doomed, outcome }: Preview,
  now: Date,
  run: Run,
): Promise<PruneOutcome> {
  const { signal } = agent;
  const leftovers = outcome.leftovers.map(({ id }) => id);
  const ids = [...doomed, ...leftovers].toSorted().toReversed();
  run.progress.step('delete', { amount: ids.length, unit: 'entries' });
  const locked: LockedObject[] = [];
  for (const id of ids) {
    const prefix = backupPrefix(outcome.job, id);
    locked.push(...(await removeObjects(repository.storage, prefix, signal)));
    run.progress.advance(1);
  }
  const before = new Date(now.getTime() - orphanGraceMs);
  const unfinished = await repository.storage.removeUnfinished(before, { signal });
  return { ...outcome, confirmed: true, locked, unfinished };
}
