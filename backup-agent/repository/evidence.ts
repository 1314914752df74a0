import pMap from 'p-map';
import type { Evidence } from '../../contracts/evidence.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { sha256Hex } from '../stream/digest.ts';
import type { CommitRecord } from './commit-log.ts';
import { evidenceDocument, openDocument } from './documents.ts';
import { evidenceKey } from './layout.ts';
import type { Repository } from './repository.ts';
import { readSmall } from './small-objects.ts';

const parallelReads = 16;

/** One drill's record, as the log names it. */
export interface EvidenceRecord {
  readonly evidence: Evidence;
  /** The commit that named it. */
  readonly sequence: number;
}

/** Every drill's evidence that the log names, in its order; each checked as `readEvidenceOf` does. */
export async function readEvidence(
  repository: Repository,
  log: readonly CommitRecord[],
  signal: AbortSignal,
): Promise<EvidenceRecord[]> {
  const named = log.filter(({ commit }) => commit.subject.type === 'evidence');
  return await pMap(named, (record) => readEvidenceOf(repository, record, signal), {
    concurrency: parallelReads,
    signal,
  });
}

/**
 * The evidence that a commit names: signed by a drill key, in its own place and with the committed
 * digest. Throws what `openDocument` throws, `storage-object-missing`, or `object-damaged`.
 */
export async function readEvidenceOf(
  repository: Repository,
  { commit }: CommitRecord,
  signal: AbortSignal,
): Promise<EvidenceRecord> {
  if (commit.subject.type !== 'evidence') throw new TypeError('the commit names no evidence');
  const { id, digest } = commit.subject;
  const key = evidenceKey(commit.job, id);
  const where = `${repository.name}: ${key}`;
  const bytes = await readSmall(repository.storage, key, { signal });
  const evidence = await openDocument(evidenceDocument, bytes, repository.trust, where);
  if (sha256Hex(bytes) !== digest || evidence.id !== id || evidence.job !== commit.job)
    throw new HoldfastError(
      'object-damaged',
      `${where}: is authentic, but not the evidence that was committed`,
    );
  return { evidence, sequence: commit.sequence };
}
