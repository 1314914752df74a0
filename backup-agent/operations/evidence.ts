import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Evidence } from '../../contracts/evidence.ts';
import { HoldfastError, isHoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { readCommitLog, type CommitRecord } from '../repository/commit-log.ts';
import { readEvidence, readEvidenceOf } from '../repository/evidence.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';
import { readFindings, readStoredFindings, type Findings } from './evidence-findings.ts';
import { openJobRepositories } from './job-repositories.ts';
import { verifyLogs } from './log.ts';

export interface FoundEvidence {
  readonly repository: Repository;
  readonly evidence: Evidence;
}

/** Every drill of a job in all its repositories, oldest first; throws where one is not authentic. */
export async function listEvidence(
  agent: Agent,
  job: string,
  options: { readonly from?: string; readonly since?: Date } = {},
): Promise<FoundEvidence[]> {
  const found: FoundEvidence[] = [];
  for (const repository of await openJobRepositories(agent, job, options.from)) {
    const log = await readCommitLog(repository, job, agent.signal);
    await agent.seenCommits.assertNotRolledBack(repository, job, log);
    for (const { evidence } of await readEvidence(repository, log, agent.signal))
      found.push({ repository, evidence });
  }
  const { since = new Date(0) } = options;
  return found
    .filter(({ evidence }) => new Date(evidence.startedAt) >= since)
    .toSorted((left, right) => (left.evidence.startedAt < right.evidence.startedAt ? -1 : 1));
}

/**
 * One drill with what its findings name, `latest` or by its id. Throws `backup-unknown` when there is
 * none. Without a metadata identity that opens them, the findings stay closed and the error says so.
 */
export async function showEvidence(
  agent: Agent,
  job: string,
  id: string,
): Promise<{ readonly evidence: Evidence; readonly findings: Findings }> {
  const drills = await listEvidence(agent, job);
  const found = id === 'latest' ? drills.at(-1) : drills.find(({ evidence }) => evidence.id === id);
  if (!found)
    throw new HoldfastError('backup-unknown', `job ${job} has no drill ${id}`, {
      hint: `\`holdfast evidence list ${job}\` shows the drills`,
    });
  const findings = await readFindings(agent, found.repository, found.evidence);
  return { evidence: found.evidence, findings };
}

export interface EvidenceReport {
  readonly job: string;
  /** Records whose signature, digest and findings are as they were committed. */
  readonly good: number;
  /** Broken logs, records that were altered or removed, and those that only this host knows. */
  readonly problems: readonly Problem[];
}

/**
 * Checks every record of a job's drills in all its repositories: the log (signatures, gaps, what this
 * host has seen of it), each record against its commit, and its findings against the record. Then
 * the copies that this host keeps: a drill that no log names was taken out of it.
 */
export async function verifyEvidence(agent: Agent, job: string): Promise<EvidenceReport> {
  const problems: Problem[] = [...(await verifyLogs(agent, job)).findings];
  const named = new Set<string>();
  let good = 0;
  for (const repository of await openJobRepositories(agent, job)) {
    for (const record of await readableLog(agent, repository, job)) {
      if (record.commit.subject.type !== 'evidence') continue;
      named.add(record.commit.subject.id);
      const problem = await checkRecord(agent, repository, record);
      if (problem) problems.push(problem);
      else good += 1;
    }
  }
  for (const id of await keptHere(agent, job))
    if (!named.has(id))
      problems.push({ where: `drill ${id}`, what: 'this host has its record, no log names it' });
  return { job, good, problems };
}

/** Nothing of a log that is broken: `verifyLogs` has said so. */
async function readableLog(
  agent: Agent,
  repository: Repository,
  job: string,
): Promise<readonly CommitRecord[]> {
  try {
    return await readCommitLog(repository, job, agent.signal);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [];
  }
}

async function checkRecord(
  agent: Agent,
  repository: Repository,
  record: CommitRecord,
): Promise<Problem | undefined> {
  try {
    const { evidence } = await readEvidenceOf(repository, record, agent.signal);
    await readStoredFindings(agent, repository, evidence);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return {
      where: `${repository.name}, commit ${record.commit.sequence}`,
      what: `${error.message} (${error.code})`,
    };
  }
}

/** Ids of the drills whose record this host kept. */
async function keptHere(agent: Agent, job: string): Promise<string[]> {
  const folder = join(
    resolve(agent.directory, agent.configuration.stateDirectory),
    'evidence',
    job,
  );
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => /^(\d{8}T\d{6}Z-[0-9a-f]{6})\.json$/.exec(name)?.[1] ?? []);
}
