import pMap from 'p-map';
import type { Commit } from '../../contracts/commit.ts';
import type { Manifest } from '../../contracts/manifest.ts';
import { HoldfastError, isHoldfastError, isIntegrity } from '../errors/holdfast-error.ts';
import { sha256Hex } from '../stream/digest.ts';
import { chainOf } from './chain.ts';
import type { CommitRecord } from './commit-log.ts';
import { manifestDocument, openSigned } from './documents.ts';
import { manifestKey } from './layout.ts';
import type { Repository } from './repository.ts';
import { readSmall } from './small-objects.ts';

/** A committed backup that was not pruned. */
export interface BackupRecord {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest's object, as the commit names it. */
  readonly digest: string;
  readonly committedAt: string;
  readonly held: boolean;
}

/** The moment that it restores to. */
export function momentOf({ manifest }: Pick<BackupRecord, 'manifest'>): Date {
  return new Date(manifest.point.time);
}

const parallelReads = 16;

/** What a reader that only shows knows already, by the manifests' digests. */
export interface KnownManifests {
  /** Not read again. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Who signed the commit: that covers a signature by the same key. */
  readonly committers: ReadonlyMap<string, string>;
}

const nothingKnown: KnownManifests = { manifests: new Map(), committers: new Map() };

/** A committed backup whose manifest is missing, damaged or forged. */
export interface UnreadableBackup extends ExistingBackup {
  /** What is wrong with the manifest. */
  readonly error: HoldfastError;
}

/**
 * Every backup that exists according to the log, its manifest checked; one that is damaged does not
 * hide the others. Both lists are oldest first by id, for a copy commits the newest chain first.
 */
export async function readWhatIsReadable(
  repository: Repository,
  log: readonly CommitRecord[],
  signal: AbortSignal,
  known: KnownManifests = nothingKnown,
): Promise<{ readonly backups: BackupRecord[]; readonly unreadable: UnreadableBackup[] }> {
  const backups: BackupRecord[] = [];
  const unreadable: UnreadableBackup[] = [];
  await pMap(
    existingBackups(log),
    async (existing) => {
      const { job, id, digest, committedAt, held } = existing;
      try {
        const manifest =
          known.manifests.get(digest) ??
          (await readManifest(repository, job, id, digest, signal, known.committers.get(digest)));
        backups.push({ manifest, digest, committedAt, held });
      } catch (error) {
        if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
        unreadable.push({ ...existing, error });
      }
    },
    { concurrency: parallelReads, signal },
  );
  return {
    backups: backups.toSorted((left, right) => (left.manifest.id < right.manifest.id ? -1 : 1)),
    unreadable: unreadable.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  };
}

/** The same where each is needed: throws what is wrong with the first that cannot be read. */
export async function readBackups(
  ...asked: Parameters<typeof readWhatIsReadable>
): Promise<BackupRecord[]> {
  const { backups, unreadable } = await readWhatIsReadable(...asked);
  if (unreadable[0]) throw unreadable[0].error;
  return backups;
}

export interface ExistingBackup {
  readonly job: string;
  readonly id: string;
  readonly digest: string;
  readonly committedAt: string;
  readonly held: boolean;
}

/** Plays the log: backups come with their commit, and go with a prune. */
export function existingBackups(log: readonly CommitRecord[]): ExistingBackup[] {
  const existing = new Map<string, ExistingBackup>();
  for (const { commit } of log) applySubject(existing, commit);
  return [...existing.values()];
}

/** The greatest id of a backup that exists. */
export function newestBackupId(log: readonly CommitRecord[]): string | undefined {
  return existingBackups(log).reduce<string | undefined>(
    (newest, { id }) => (newest === undefined || id > newest ? id : newest),
    undefined,
  );
}

/**
 * The chain that the newest backup ends, its full first; empty when there is none. Reads no other
 * manifest, so that damage elsewhere stops nobody. Throws what `readManifest` and `chainOf` throw.
 */
export async function readNewestChain(
  repository: Repository,
  log: readonly CommitRecord[],
  signal: AbortSignal,
): Promise<readonly BackupRecord[]> {
  const newest = newestBackupId(log);
  if (newest === undefined) return [];
  const existing = new Map(existingBackups(log).map((backup) => [backup.id, backup]));
  const links: BackupRecord[] = [];
  for (let id: string | undefined = newest; id !== undefined;) {
    const backup = existing.get(id);
    if (!backup) break;
    // Links in a circle: each backup is read once, and `chainOf` finds no full.
    existing.delete(id);
    const { job, digest, committedAt, held } = backup;
    const manifest: Manifest = await readManifest(repository, job, id, digest, signal);
    links.unshift({ manifest, digest, committedAt, held });
    id = manifest.parent;
  }
  return chainOf(links, newest);
}

/** Ids of all backups that were ever committed, pruned ones included. */
export function everCommitted(log: readonly CommitRecord[]): ReadonlySet<string> {
  return new Set(
    log.flatMap(({ commit }) => (commit.subject.type === 'backup' ? [commit.subject.id] : [])),
  );
}

/** Whether a commit after `sequence` pruned the backup: then its objects may be gone. */
export function prunedSince(log: readonly CommitRecord[], sequence: number, id: string): boolean {
  return log
    .slice(sequence)
    .some(({ commit: { subject } }) => subject.type === 'prune' && subject.ids.includes(id));
}

function applySubject(existing: Map<string, ExistingBackup>, commit: Commit): void {
  const { subject, job, at } = commit;
  switch (subject.type) {
    case 'backup':
      existing.set(subject.id, {
        job,
        id: subject.id,
        digest: subject.digest,
        committedAt: at,
        held: false,
      });
      break;
    case 'hold':
    case 'release': {
      const backup = existing.get(subject.id);
      if (backup) existing.set(subject.id, { ...backup, held: subject.type === 'hold' });
      break;
    }
    case 'prune':
      for (const id of subject.ids) existing.delete(id);
      break;
    case 'erasure':
    case 'evidence':
    case 'verification':
    case 'escrow':
      break;
  }
}

/**
 * A committed backup's manifest: authentic, in its own place, and the one that the log names. Each of
 * these failing is an error of its own. A signature by `committer` over the very manifest that it
 * committed is believed (docs/adr/0014-one-signature-covers-a-log.md).
 */
export async function readManifest(
  repository: Repository,
  job: string,
  id: string,
  digest: string,
  signal: AbortSignal,
  committer?: string,
): Promise<Manifest> {
  const key = manifestKey(job, id);
  const where = `${repository.name}: ${key}`;
  const bytes = await readSmall(repository.storage, key, { signal });
  const isCommitted = sha256Hex(bytes) === digest;
  const covered = (keyId: string) => isCommitted && keyId === committer;
  const opened = await openSigned(manifestDocument, bytes, repository.trust, where, covered);
  const manifest = opened.value;
  if (manifest.job !== job || manifest.id !== id)
    throw new HoldfastError(
      'document-malformed',
      `${where}: is the manifest of ${manifest.job} ${manifest.id}`,
    );
  if (!isCommitted)
    throw new HoldfastError(
      'object-damaged',
      `${where}: is authentic, but not the manifest that was committed`,
    );
  return manifest;
}
