import { resolve } from 'node:path';
import type { Objectives } from '../../contracts/job.ts';
import type { Agent } from './agent.ts';
import {
  judgeObjectives,
  worstOf,
  type ObjectiveState,
  type ObjectiveStatus,
} from './objectives.ts';
import { readJobFacts, type RepositoryFacts } from './job-facts.ts';
import { openRunJournal, type JournalKey } from './run-journal.ts';

export interface JobStatus {
  readonly job: string;
  /** The worst of its objectives. */
  readonly state: ObjectiveState;
  readonly objectives: readonly ObjectiveStatus[];
  readonly repositories: readonly RepositoryFacts[];
}

export interface Status {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly state: ObjectiveState;
  readonly jobs: readonly JobStatus[];
}

/**
 * Every job against its objectives, read off the repositories' logs. A repository that cannot be read
 * is part of the answer, not an error.
 */
export async function readStatus(agent: Agent, jobs: readonly string[]): Promise<Status> {
  const now = agent.now();
  const journal = await openRunJournal(stateDirectory(agent));
  const statuses = await Promise.all(
    jobs.map(async (job): Promise<JobStatus> => {
      const repositories = await readJobFacts(agent, job);
      const targets: Objectives = agent.job(job).objectives;
      const verified = journal.get({ job, kind: 'verify' });
      const objectives = judgeObjectives(targets, repositories, { now, verified });
      return { job, state: worstOf(objectives), objectives, repositories };
    }),
  );
  return { at: now.toISOString(), state: worstOf(statuses), jobs: statuses };
}

/** Notes a run that nothing scheduled, for those that leave no trace in a repository. */
export async function rememberRun(agent: Agent, key: JournalKey, startedAt: Date): Promise<void> {
  await (await openRunJournal(stateDirectory(agent))).set(key, startedAt);
}

function stateDirectory(agent: Agent): string {
  return resolve(agent.directory, agent.configuration.stateDirectory);
}
