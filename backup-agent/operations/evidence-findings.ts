import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { outcomes, type Evidence } from '../../contracts/evidence.ts';
import type { AssertionReport } from '../drills/assertion.ts';
import type { TableCoverage } from '../drills/expected-content.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { evidenceKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';
import { parseJson, readSmall } from '../repository/small-objects.ts';
import { compress } from '../stream/compress.ts';
import { decompress } from '../stream/decompress.ts';
import { decrypt } from '../stream/decrypt.ts';
import { sha256Hex } from '../stream/digest.ts';
import { encrypt } from '../stream/encrypt.ts';
import { through } from '../stream/transform.ts';
import type { Agent } from './agent.ts';
import { lockOf } from './locks.ts';

const finding = z.strictObject({
  subject: z.string(),
  outcome: z.enum(outcomes),
  what: z.string(),
});

/** By assertion: what failed or stays unproven, by name; and how exactly tables restore. */
const findings = z.strictObject({
  format: z.literal('holdfast-findings/1'),
  findings: z.record(z.string(), z.array(finding)),
});
export type Findings = z.infer<typeof findings>['findings'];

export function findingsOf(reports: readonly AssertionReport[]): Findings {
  return Object.fromEntries(
    reports
      .filter(({ findings }) => findings.length > 0)
      .map((report) => [report.assertion.name, [...report.findings]]),
  );
}

/** Which tables restore less exactly than to any commit, and why. */
export function coverageFindings(tables: readonly TableCoverage[]): Findings {
  const less = tables.filter(({ coverage }) => coverage.level !== 'commit');
  if (less.length === 0) return {};
  return {
    coverage: less.map(({ schema, name, coverage: { level, reason = 'not said' } }) => ({
      subject: `${schema}.${name}`,
      outcome: level === 'none' ? 'unproven' : 'passed',
      what:
        level === 'none'
          ? `not covered: ${reason}`
          : `restored to the end of an incremental, not to any commit: ${reason}`,
    })),
  };
}

/** Beside the evidence, which names its digest. */
export function findingsKey(job: string, id: string): string {
  return evidenceKey(job, id).replace(/\.json$/, '.findings.json.zst.age');
}

/**
 * Stores what the evidence leaves out, encrypted to those who may read names: the recovery
 * recipients and the agent's metadata identity. Undefined when there is nothing to tell.
 */
export async function storeFindings(
  agent: Agent,
  repository: Repository,
  { job, id }: Pick<Evidence, 'job' | 'id'>,
  named: Findings,
): Promise<Evidence['findings']> {
  if (Object.keys(named).length === 0) return undefined;
  const document = { format: 'holdfast-findings/1', findings: named };
  const { meta } = await agent.recipients();
  const ciphertext = await buffer(
    through([Buffer.from(JSON.stringify(document))], [compress(), encrypt(meta)]),
  );
  await repository.storage.put(findingsKey(job, id), ciphertext, {
    ifAbsent: true,
    signal: agent.signal,
    ...lockOf(agent, job, repository.name),
  });
  return { sizeBytes: ciphertext.length, sha256: sha256Hex(ciphertext) };
}

/** The findings as they are stored, compared with what the evidence says of them. */
export async function readStoredFindings(
  agent: Agent,
  repository: Repository,
  { job, id, findings }: Evidence,
): Promise<Uint8Array | undefined> {
  if (!findings) return undefined;
  const key = findingsKey(job, id);
  const bytes = await readSmall(repository.storage, key, { signal: agent.signal });
  if (sha256Hex(bytes) === findings.sha256) return bytes;
  throw new HoldfastError(
    'object-damaged',
    `${repository.name}: ${key} is not what the evidence names`,
  );
}

/** The findings of a drill, opened with the metadata identity. */
export async function readFindings(
  agent: Agent,
  repository: Repository,
  evidence: Evidence,
): Promise<Findings> {
  const bytes = await readStoredFindings(agent, repository, evidence);
  if (!bytes) return {};
  const identities = await agent.metadataIdentities();
  const plaintext = await buffer(through([bytes], [decrypt(identities), decompress()]));
  return parseJson(findings, plaintext, findingsKey(evidence.job, evidence.id)).findings;
}
