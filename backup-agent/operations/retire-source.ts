import { HoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { forgetSource } from '../sources/postgres/changes/job-slots.ts';
import type { Agent, Run } from './agent.ts';
import { runBackup } from './backup.ts';
import { noteInService, noteRetired, retiredAt } from './retired-sources.ts';

export interface Retired {
  readonly job: string;
  /** The incrementals that hold everything up to now. */
  readonly backups: readonly string[];
  /** The slots that were dropped. */
  readonly slots: readonly string[];
}

/**
 * Takes a job's source out of service, before its server is upgraded, replaced or restored: one more
 * run of incrementals, so that all that was committed is stored; then its slots are dropped, because a
 * major upgrade refuses to start while there is one; and from then on no backup of the job makes
 * another, until `resumeSource`. Run again, it finds nothing to drop and is content.
 */
export async function retireSource(agent: Agent, job: string, run: Run): Promise<Retired> {
  const setup = await agent.postgresSetup(job);
  const retired = await retiredAt(agent, job);
  const taken = retired
    ? []
    : await runBackup(agent, { job, kind: 'incremental', wait: true }, run);
  if (retired === undefined) await noteRetired(agent, job, agent.now());
  run.progress.step('drop the slots');
  const { slots } = await forgetSource(setup, agent.signal, { publications: false });
  return { job, backups: taken.map(({ id }) => id), slots };
}

export interface ResumedSource {
  readonly job: string;
  readonly backups: readonly string[];
  /** What keeps incrementals from following, and what mends it. */
  readonly problems: readonly Problem[];
}

/**
 * Puts a job's source back into service, and takes the full that its new chain begins with. Throws
 * `source-unsuitable` when the server lacks what a full needs; then the source stays retired.
 */
export async function resumeSource(agent: Agent, job: string, run: Run): Promise<ResumedSource> {
  const source = await agent.source(job);
  await agent.postgresSetup(job);
  const { signal, log, now } = agent;
  run.progress.step('examine the server');
  const { findings } = await source.preflight({ signal, log, now, progress: run.progress });
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new HoldfastError('source-unsuitable', `${job} is not ready: ${errors[0]?.what ?? ''}`, {
      problems: errors,
    });
  await noteInService(agent, job);
  const taken = await runBackup(agent, { job, kind: 'full', wait: true }, run);
  const problems = findings
    .filter(({ where }) => where === 'incrementals')
    .map(({ where, what, fix }) => ({ where, what: fix === undefined ? what : `${what}; ${fix}` }));
  return { job, backups: taken.map(({ id }) => id), problems };
}
