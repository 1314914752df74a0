import pMap from 'p-map';
import { sha256Hex } from '../stream/digest.ts';
import { assertFollows, listCommits, openCommit, type CommitRecord } from './commit-log.ts';
import { commitKey } from './layout.ts';
import type { Repository } from './repository.ts';
import { readSmall } from './small-objects.ts';

/** A commit as it was found in the storage. */
export interface RecalledCommit extends CommitRecord {
  readonly etag: string;
  /** Who signed it; unknown for what this host checked in an earlier run. */
  readonly keyId?: string;
}

/** Names a commit's object as it lies in the storage: changes when somebody replaces it. */
export function rememberedCommitKey(sequence: number, etag: string): string {
  return `${sequence} ${etag}`;
}

const parallelReads = 16;

interface Unopened {
  readonly sequence: number;
  readonly etag: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/**
 * The job's history for showing, oldest first: what is `known` and lies there as it did is not read
 * again, and of each key's signatures the newest is checked, for it covers those before it
 * (docs/adr/0014-one-signature-covers-a-log.md). Throws what `readCommitLog` throws.
 */
export async function recallCommits(
  repository: Repository,
  job: string,
  known: ReadonlyMap<string, RecalledCommit>,
  signal: AbortSignal,
): Promise<RecalledCommit[]> {
  const listed = await listCommits(repository, job, signal);
  const found = await pMap(
    listed,
    async ({ sequence, etag }): Promise<RecalledCommit | Unopened> => {
      const remembered = known.get(rememberedCommitKey(sequence, etag));
      if (remembered) return remembered;
      const bytes = await readSmall(repository.storage, commitKey(job, sequence), { signal });
      return { sequence, etag, bytes, digest: sha256Hex(bytes) };
    },
    { concurrency: parallelReads, signal },
  );
  const records = await openNewestFirst(repository, job, found);
  for (const [index, record] of records.entries())
    assertFollows(repository, job, records[index - 1], record);
  return records;
}

async function openNewestFirst(
  repository: Repository,
  job: string,
  found: readonly (RecalledCommit | Unopened)[],
): Promise<RecalledCommit[]> {
  const records: RecalledCommit[] = [];
  /** Keys with a checked signature over a commit from which the hashes lead down to here. */
  let covering = new Set<string>();
  let next: RecalledCommit | undefined;
  for (const each of found.toReversed()) {
    if (next !== undefined && next.commit.previous !== each.digest) covering = new Set();
    const record = 'commit' in each ? each : await open(repository, job, each, covering);
    if (record.keyId !== undefined) covering.add(record.keyId);
    records.push(record);
    next = record;
  }
  return records.toReversed();
}

async function open(
  repository: Repository,
  job: string,
  { sequence, etag, bytes, digest }: Unopened,
  covering: ReadonlySet<string>,
): Promise<RecalledCommit> {
  const covered = (keyId: string) => covering.has(keyId);
  const opened = await openCommit(repository, job, sequence, bytes, covered);
  return { ...opened, digest, etag };
}

/** By the digest of the manifest that a commit names: who signed the commit. */
export function committersOf(log: readonly RecalledCommit[]): ReadonlyMap<string, string> {
  return new Map(
    log.flatMap(({ commit: { subject }, keyId }) =>
      subject.type === 'backup' && keyId !== undefined ? [[subject.digest, keyId]] : [],
    ),
  );
}
