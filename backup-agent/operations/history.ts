import {
  prunedSince,
  readBackups,
  readWhatIsReadable,
  type BackupRecord,
  type UnreadableBackup,
} from '../repository/backups.ts';
import { resolve } from 'node:path';
import { openHistoryMemory } from '../repository/history-memory.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import { committersOf, recallCommits } from '../repository/recalled-log.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';

/** A job in a repository as its checked log tells it. */
export interface History {
  readonly log: readonly CommitRecord[];
  /** Oldest first. */
  readonly backups: readonly BackupRecord[];
}

/** Reads and checks a job's log and manifests, and compares with what this host saw before. */
export async function readHistory(
  agent: Pick<Agent, 'signal' | 'seenCommits'>,
  repository: Repository,
  job: string,
): Promise<History> {
  const log = await readLogOnly(agent, repository, job);
  return { log, backups: await readBackups(repository, log, agent.signal) };
}

/** A history in which manifests may be damaged. */
export interface DamagedHistory extends History {
  /** Oldest first. What hangs on one of them is among `backups`. */
  readonly unreadable: readonly UnreadableBackup[];
}

/**
 * The same for what must not be stopped by damage elsewhere. Warns of every manifest that cannot be
 * read; what was pruned while we read is none of them.
 */
export async function readHistoryDespiteDamage(
  agent: Pick<Agent, 'signal' | 'seenCommits' | 'log'>,
  repository: Repository,
  job: string,
): Promise<DamagedHistory> {
  const log = await readLogOnly(agent, repository, job);
  const read = await readWhatIsReadable(repository, log, agent.signal);
  return await warned(agent, repository, job, { log, ...read });
}

async function warned(
  agent: Pick<Agent, 'signal' | 'seenCommits' | 'log'>,
  repository: Repository,
  job: string,
  history: DamagedHistory,
): Promise<DamagedHistory> {
  const { log, unreadable } = history;
  if (unreadable.length === 0) return history;
  const now = await readLogOnly(agent, repository, job);
  const damaged = unreadable.filter(({ id }) => !prunedSince(now, log.length, id));
  for (const { id, error } of damaged)
    agent.log.warn(
      { job, backup: id, error },
      `backup ${id} is damaged: ${error.message}; \`holdfast repair\` can fetch its manifest from a copy`,
    );
  return { ...history, unreadable: damaged };
}

/** The log alone, checked and compared in the same way. */
export async function readLogOnly(
  agent: Pick<Agent, 'signal' | 'seenCommits'>,
  repository: Repository,
  job: string,
): Promise<readonly CommitRecord[]> {
  const log = await readCommitLog(repository, job, agent.signal);
  await agent.seenCommits.assertNotRolledBack(repository, job, log);
  await agent.seenCommits.remember(repository, job, log);
  return log;
}

/**
 * The same for showing only: what this host has checked before is not fetched again, unless it lies
 * in the storage otherwise than it did, and a signature that another covers is not computed. A
 * manifest damaged since is left to `verify`.
 */
export async function recallHistory(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<History> {
  const { unreadable, ...history } = await recallReadable(agent, repository, job);
  if (unreadable[0]) throw unreadable[0].error;
  return history;
}

/** The same, and a damaged manifest hides no other; warns of each as `readHistoryDespiteDamage` does. */
export async function recallHistoryDespiteDamage(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<DamagedHistory> {
  const history = await recallReadable(agent, repository, job);
  return await warned(agent, repository, job, history);
}

async function recallReadable(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<DamagedHistory> {
  const directory = resolve(agent.directory, agent.configuration.stateDirectory);
  const memory = await openHistoryMemory(directory, repository, job);
  const recalled = await recallCommits(repository, job, memory.commits, agent.signal);
  const log = recalled.map(({ commit, digest }) => ({ commit, digest }));
  await agent.seenCommits.assertNotRolledBack(repository, job, log);
  await agent.seenCommits.remember(repository, job, log);
  const { backups, unreadable } = await readWhatIsReadable(repository, log, agent.signal, {
    manifests: memory.manifests,
    committers: committersOf(recalled),
  });
  await memory.add(recalled, new Map(backups.map(({ manifest, digest }) => [digest, manifest])));
  return { log, backups, unreadable };
}
