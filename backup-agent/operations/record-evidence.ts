import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Evidence } from '../../contracts/evidence.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { makeFolders } from '../make-folders.ts';
import { appendCommit } from '../repository/commit-log.ts';
import { evidenceDocument, sealDocument } from '../repository/documents.ts';
import { evidenceKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { createDocument } from '../repository/small-objects.ts';
import { sha256Hex } from '../stream/digest.ts';
import type { Agent } from './agent.ts';
import type { DrillRun, Rehearsed } from './drill.ts';
import { coverageFindings, findingsOf, storeFindings } from './evidence-findings.ts';
import { readLogOnly } from './history.ts';
import { lockOf } from './locks.ts';

export interface RecordedEvidence {
  readonly evidence: Evidence;
  /** The signed document on this host, as it stands in the repository. */
  readonly file: string;
  /** What failed or stays unproven, by name: on this host only in clear. */
  readonly findingsFile: string;
}

/**
 * Signs a drill's evidence, commits it to the log of the repository that was drilled, and keeps a
 * copy on this host. The names that the evidence leaves out stand encrypted beside it.
 */
export async function recordEvidence(
  agent: Agent,
  { repository, evidence: described, reports, coverage }: Rehearsed,
  reached: DrillRun['reached'],
): Promise<RecordedEvidence> {
  const key = await agent.signingKey('drill');
  const named = { ...findingsOf(reports), ...coverageFindings(coverage) };
  const findings = await storeFindings(agent, repository, described, named);
  const evidence = { ...described, ...(findings ? { findings } : {}) };
  const bytes = sealDocument(evidenceDocument, evidence, key);
  await commitEvidence(agent, { repository, evidence, bytes, key, reached });
  await reached?.('evidence-committed');
  return { evidence, ...(await keepLocally(agent, evidence, bytes, named)) };
}

interface SealedEvidence {
  readonly repository: Repository;
  readonly evidence: Evidence;
  readonly bytes: Uint8Array;
  readonly key: SigningKey;
  readonly reached: DrillRun['reached'];
}

async function commitEvidence(
  agent: Agent,
  { repository, evidence: { job, id }, bytes, key, reached }: SealedEvidence,
): Promise<void> {
  const { by, now, signal } = agent;
  const lock = lockOf(agent, job, repository.name);
  await createDocument(repository.storage, evidenceKey(job, id), bytes, { signal, ...lock });
  await reached?.('evidence-stored');
  const log = await readLogOnly(agent, repository, job);
  const subject = { type: 'evidence', id, digest: sha256Hex(bytes) } as const;
  const extended = await appendCommit(
    { repository, job, subject, key, by, now, signal, ...lock, stillValid: () => true },
    log,
  );
  await agent.seenCommits.remember(repository, job, extended);
}

async function keepLocally(
  agent: Agent,
  { job, id }: Evidence,
  bytes: Uint8Array,
  findings: object,
): Promise<Pick<RecordedEvidence, 'file' | 'findingsFile'>> {
  const folder = resolve(agent.directory, agent.configuration.stateDirectory, 'evidence', job);
  await makeFolders(folder);
  const file = join(folder, `${id}.json`);
  const findingsFile = join(folder, `${id}.findings.json`);
  await writeFile(file, bytes, { mode: 0o600 });
  await writeFile(findingsFile, `${JSON.stringify(findings, null, 2)}\n`, { mode: 0o600 });
  return { file, findingsFile };
}
