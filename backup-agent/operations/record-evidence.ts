import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Evidence } from '../../contracts/evidence.ts';
import type { Comparison } from '../drills/assertion.ts';
import { appendCommit } from '../repository/commit-log.ts';
import { evidenceDocument, sealDocument } from '../repository/documents.ts';
import { evidenceKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { sha256Hex } from '../stream/digest.ts';
import type { Agent } from './agent.ts';
import { readHistory } from './history.ts';

export interface RecordedEvidence {
  /** The signed document, as it stands in the repository. */
  readonly file: string;
  /** What failed or stays unproven, by name: on this host only. */
  readonly findingsFile: string;
}

/**
 * Signs a drill's evidence, commits it to the log of the repository that was drilled, and keeps a
 * copy on this host, with the names that the evidence leaves out beside it.
 */
export async function recordEvidence(
  agent: Agent,
  repository: Repository,
  evidence: Evidence,
  findings: Readonly<Record<string, readonly Comparison[]>>,
): Promise<RecordedEvidence> {
  const key = await agent.signingKey('drill');
  const bytes = sealDocument(evidenceDocument, evidence, key);
  const { job, id } = evidence;
  await repository.storage.put(evidenceKey(job, id), bytes, {
    ifAbsent: true,
    signal: agent.signal,
  });
  const { log } = await readHistory(agent, repository, job);
  const extended = await appendCommit(
    {
      repository,
      job,
      subject: { type: 'evidence', id, digest: sha256Hex(bytes) },
      key,
      by: agent.by,
      now: agent.now,
      signal: agent.signal,
      stillValid: () => true,
    },
    log,
  );
  await agent.seenCommits.remember(repository, job, extended);
  return await keepLocally(agent, evidence, bytes, findings);
}

async function keepLocally(
  agent: Agent,
  { job, id }: Evidence,
  bytes: Uint8Array,
  findings: Readonly<Record<string, readonly Comparison[]>>,
): Promise<RecordedEvidence> {
  const folder = resolve(agent.directory, agent.configuration.stateDirectory, 'evidence', job);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${id}.json`);
  const findingsFile = join(folder, `${id}.findings.json`);
  await writeFile(file, bytes, { mode: 0o600 });
  await writeFile(findingsFile, `${JSON.stringify(findings, null, 2)}\n`, { mode: 0o600 });
  return { file, findingsFile };
}
