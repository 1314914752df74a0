import { buffer } from 'node:stream/consumers';
import pMap from 'p-map';
import type { Erasure } from '../../contracts/erasure.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { decompress } from '../stream/decompress.ts';
import { decrypt } from '../stream/decrypt.ts';
import { sha256Hex } from '../stream/digest.ts';
import { through } from '../stream/transform.ts';
import type { CommitRecord } from './commit-log.ts';
import { erasureDocument, openDocument } from './documents.ts';
import { erasureKey } from './layout.ts';
import type { Repository } from './repository.ts';
import { readSmall } from './small-objects.ts';

/** A request of the erasure ledger as the log names it. */
export interface NamedErasure {
  readonly job: string;
  readonly id: string;
  /** Of the encrypted object. */
  readonly digest: string;
  readonly committedAt: string;
}

const parallelReads = 16;

/** The ledger, in the log's order. */
export function erasuresIn(log: readonly CommitRecord[]): NamedErasure[] {
  return log.flatMap(({ commit: { job, subject, at } }) =>
    subject.type === 'erasure'
      ? [{ job, id: subject.id, digest: subject.digest, committedAt: at }]
      : [],
  );
}

/** A request as it is stored, encrypted; throws `object-damaged` when it is not what the log names. */
export async function readStoredErasure(
  repository: Repository,
  { job, id, digest }: NamedErasure,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const key = erasureKey(job, id);
  const bytes = await readSmall(repository.storage, key, { signal });
  if (sha256Hex(bytes) === digest) return bytes;
  throw new HoldfastError(
    'object-damaged',
    `${repository.name}: ${key} is not the request that was committed`,
  );
}

/**
 * Every request of the ledger but the `known` ones, opened: decrypted, signed by a curator, and of
 * this job. Throws what `openDocument` throws, `identity-wrong`, `storage-object-missing` or `object-damaged`.
 */
export async function readErasures(
  repository: Repository,
  log: readonly CommitRecord[],
  identities: readonly string[],
  signal: AbortSignal,
  known: ReadonlySet<string> = new Set(),
): Promise<Erasure[]> {
  return await pMap(
    erasuresIn(log).filter(({ id }) => !known.has(id)),
    async (named) => {
      const stored = await readStoredErasure(repository, named, signal);
      const where = `${repository.name}: ${erasureKey(named.job, named.id)}`;
      const bytes = await buffer(through([stored], [decrypt(identities), decompress()]));
      const erasure = await openDocument(erasureDocument, bytes, repository.trust, where);
      if (erasure.job === named.job && erasure.id === named.id) return erasure;
      throw new HoldfastError(
        'object-damaged',
        `${where}: is a request of ${erasure.job} ${erasure.id}`,
      );
    },
    { concurrency: parallelReads, signal },
  );
}
