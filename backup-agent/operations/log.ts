import type { Problem } from '../errors/holdfast-error.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';
import { openJobRepositories } from './job-repositories.ts';

export interface LogReport {
  readonly job: string;
  readonly repositories: readonly CheckedLog[];
  /** Gaps, forks, rollbacks, and what repositories tell differently; empty when all agree. */
  readonly findings: readonly Problem[];
}

export interface CheckedLog {
  readonly repository: string;
  readonly commits: number;
  /** SHA-256 of the newest commit: to note elsewhere, on paper or in a ticket. */
  readonly head?: string;
}

/** The history of a job in one repository, every signature and link checked. */
export async function readLog(
  agent: Agent,
  job: string,
  repositoryName?: string,
): Promise<{ readonly repository: string; readonly log: readonly CommitRecord[] }> {
  const repository = await agent.openRepository(repositoryName ?? agent.job(job).repository);
  const log = await readCommitLog(repository, job, agent.signal);
  await agent.seenCommits.assertNotRolledBack(repository, job, log);
  await agent.seenCommits.remember(repository, job, log);
  return { repository: repository.name, log };
}

/**
 * Checks a job's logs in all its repositories, each in itself, against what this host has seen, and
 * against each other. What is wrong is in the report, not thrown.
 */
export async function verifyLogs(agent: Agent, job: string): Promise<LogReport> {
  const findings: Problem[] = [];
  const logs: { name: string; log: readonly CommitRecord[] }[] = [];
  const repositories = await openJobRepositories(agent, job);
  for (const repository of repositories) {
    const read = await tryLog(agent, repository, job);
    if ('problem' in read) findings.push(read.problem);
    else logs.push({ name: repository.name, log: read.log });
  }
  const own = logs.find(({ name }) => name === agent.job(job).repository);
  if (own)
    for (const copy of logs.filter((log) => log !== own)) findings.push(...compare(own, copy));
  return {
    job,
    repositories: logs.map(({ name, log }) => {
      const head = log.at(-1)?.digest;
      return { repository: name, commits: log.length, ...(head === undefined ? {} : { head }) };
    }),
    findings,
  };
}

async function tryLog(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<{ log: readonly CommitRecord[] } | { problem: Problem }> {
  try {
    const log = await readCommitLog(repository, job, agent.signal);
    await agent.seenCommits.assertNotRolledBack(repository, job, log);
    return { log };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { problem: { where: repository.name, what: `${error.message} (${error.code})` } };
  }
}

interface NamedLog {
  readonly name: string;
  readonly log: readonly CommitRecord[];
}

/**
 * A copy takes backups from the job's own repository alone: one that only the copy's log names was
 * taken out of the own log, or forged into the copy. One backup has one manifest everywhere.
 */
function compare(own: NamedLog, copy: NamedLog): Problem[] {
  const ours = committedDigests(own.log);
  return [...committedDigests(copy.log)].flatMap(([id, digest]): Problem[] => {
    const known = ours.get(id);
    if (known === digest) return [];
    return known === undefined
      ? [
          {
            where: own.name,
            what: `does not know backup ${id}, which ${copy.name} has: a rollback`,
          },
        ]
      : [
          {
            where: copy.name,
            what: `has another manifest of backup ${id} than ${own.name}: a fork`,
          },
        ];
  });
}

function committedDigests(log: readonly CommitRecord[]): ReadonlyMap<string, string> {
  return new Map(
    log.flatMap(({ commit: { subject } }) =>
      subject.type === 'backup' ? [[subject.id, subject.digest] as const] : [],
    ),
  );
}
