import { readBackups, type BackupRecord } from '../repository/backups.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
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
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<History> {
  const log = await readCommitLog(repository, job, agent.signal);
  await agent.seenCommits.assertNotRolledBack(repository, job, log);
  await agent.seenCommits.remember(repository, job, log);
  return { log, backups: await readBackups(repository, log, agent.signal) };
}
