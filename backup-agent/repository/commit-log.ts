import pMap from 'p-map';
import type { Commit, CommitSubject } from '../../contracts/commit.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { assertMaySign } from '../keys/trust.ts';
import { sha256Hex } from '../stream/digest.ts';
import type { Covered } from '../keys/envelope.ts';
import { commitDocument, openSigned, sealDocument } from './documents.ts';
import { commitKey, commitSequence, commitsPrefix } from './layout.ts';
import type { Repository } from './repository.ts';
import { createDocument, readSmall } from './small-objects.ts';

export interface CommitRecord {
  readonly commit: Commit;
  /** SHA-256 of the commit's object: what the next commit names. */
  readonly digest: string;
}

const parallelReads = 16;

/**
 * The job's whole history, oldest first, with every signature and link checked. A gap, a fork or a
 * foreign entry is `commit-log-broken`; what a removed newest commit leaves cannot be seen from
 * here, see `assertNotRolledBack`.
 */
export async function readCommitLog(
  repository: Repository,
  job: string,
  signal: AbortSignal,
): Promise<CommitRecord[]> {
  const listed = await listCommits(repository, job, signal);
  const records = await pMap(
    listed,
    async ({ sequence }) => {
      const bytes = await readSmall(repository.storage, commitKey(job, sequence), { signal });
      const { commit } = await openCommit(repository, job, sequence, bytes);
      return { commit, digest: sha256Hex(bytes) };
    },
    { concurrency: parallelReads, signal },
  );
  for (const [index, record] of records.entries())
    assertFollows(repository, job, records[index - 1], record);
  return records;
}

/** The commits that are there, by sequence; a gap or a foreign entry is `commit-log-broken`. */
export async function listCommits(
  repository: Repository,
  job: string,
  signal: AbortSignal,
): Promise<{ sequence: number; etag: string }[]> {
  const listed: { sequence: number; etag: string }[] = [];
  for await (const { key, etag } of repository.storage.list(commitsPrefix(job), { signal })) {
    const sequence = commitSequence(job, key);
    if (sequence === undefined) throw broken(repository, job, `${key} is not a commit`);
    if (sequence !== listed.length + 1)
      throw broken(repository, job, `commit ${listed.length + 1} is missing before ${sequence}`);
    listed.push({ sequence, etag });
  }
  return listed;
}

/** An authentic commit in its own place, and who signed it. */
export async function openCommit(
  repository: Repository,
  job: string,
  sequence: number,
  bytes: Uint8Array,
  covered?: Covered,
): Promise<{ readonly commit: Commit; readonly keyId: string }> {
  const where = `${repository.name}: ${commitKey(job, sequence)}`;
  const opened = await openSigned(commitDocument, bytes, repository.trust, where, covered);
  const { value: commit, keyId } = opened;
  if (commit.repositoryId !== repository.id || commit.job !== job || commit.sequence !== sequence)
    throw broken(
      repository,
      job,
      `commit ${sequence} was made for ${commit.job} number ${commit.sequence} of repository ${commit.repositoryId}`,
    );
  return { commit, keyId };
}

/** Throws `commit-log-broken` unless the record names the one before it. */
export function assertFollows(
  repository: Repository,
  job: string,
  previous: CommitRecord | undefined,
  record: CommitRecord,
): void {
  if (record.commit.previous !== previous?.digest)
    throw broken(
      repository,
      job,
      `commit ${record.commit.sequence} does not follow the commit before it`,
    );
}

function broken(repository: Repository, job: string, what: string): HoldfastError {
  return new HoldfastError('commit-log-broken', `${repository.name}: log of job ${job}: ${what}`);
}

export interface AppendOptions {
  readonly repository: Repository;
  readonly job: string;
  readonly subject: CommitSubject;
  readonly key: SigningKey;
  readonly by: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly lockUntil?: Date;
  /**
   * Decides, when somebody else committed since the log was read, whether this commit still makes
   * sense after theirs.
   */
  readonly stillValid: (log: readonly CommitRecord[]) => boolean;
}

/**
 * Appends one commit: the moment from which its subject exists. `log` is the history the caller
 * acted upon; the history with the new commit comes back. Throws `commit-conflict` when somebody
 * else's commit makes this one senseless, and `key-out-of-period` rather than write what nobody may
 * accept.
 */
export async function appendCommit(
  options: AppendOptions,
  log: readonly CommitRecord[],
): Promise<readonly CommitRecord[]> {
  let history = log;
  for (;;) {
    const appended = await tryAppend(options, history.at(-1));
    if (appended) return [...history, appended];
    history = await readCommitLog(options.repository, options.job, options.signal);
    if (!options.stillValid(history))
      throw new HoldfastError(
        'commit-conflict',
        `another writer committed to job ${options.job} in ${options.repository.name} first`,
      );
  }
}

/** Undefined when another commit has the place. */
async function tryAppend(
  options: AppendOptions,
  last: CommitRecord | undefined,
): Promise<CommitRecord | undefined> {
  const { repository, job, subject, key, by, now, signal, lockUntil } = options;
  const sequence = (last?.commit.sequence ?? 0) + 1;
  const commit: Commit = {
    format: 'holdfast-commit/1',
    repositoryId: repository.id,
    job,
    sequence,
    ...(last ? { previous: last.digest } : {}),
    subject,
    at: now().toISOString(),
    by,
  };
  // The last moment to notice: a long run may outlast the period in which it began.
  assertMaySign(repository.trust, commitDocument.roles(commit), key, new Date(commit.at));
  const bytes = sealDocument(commitDocument, commit, key);
  try {
    const lock = lockUntil ? { lockUntil } : {};
    await createDocument(repository.storage, commitKey(job, sequence), bytes, { signal, ...lock });
  } catch (error) {
    if (!isHoldfastError(error, 'storage-object-exists')) throw error;
    return undefined;
  }
  return { commit, digest: sha256Hex(bytes) };
}
