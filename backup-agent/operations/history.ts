import { readBackups, type BackupRecord } from '../repository/backups.ts';
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
  const directory = resolve(agent.directory, agent.configuration.stateDirectory);
  const memory = await openHistoryMemory(directory, repository, job);
  const recalled = await recallCommits(repository, job, memory.commits, agent.signal);
  const log = recalled.map(({ commit, digest }) => ({ commit, digest }));
  await agent.seenCommits.assertNotRolledBack(repository, job, log);
  await agent.seenCommits.remember(repository, job, log);
  const backups = await readBackups(repository, log, agent.signal, {
    manifests: memory.manifests,
    committers: committersOf(recalled),
  });
  await memory.add(recalled, new Map(backups.map(({ manifest, digest }) => [digest, manifest])));
  return { log, backups };
}
