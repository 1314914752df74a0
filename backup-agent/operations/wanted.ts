import { existingBackups, readManifest } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import { namedObjects, type Damage } from '../repository/damage.ts';
import type { Wanted } from '../repository/good-copy.ts';
import { erasureKey, evidenceKey, manifestKey } from '../repository/layout.ts';
import type { Repository } from '../repository/repository.ts';

/** What a damaged object should be, according to the log and the manifests it vouches for. */
export async function wantedOf(
  {
    repository,
    log,
    job,
  }: {
    readonly repository: Repository;
    readonly log: readonly CommitRecord[];
    readonly job: string;
  },
  { key, backup }: Damage,
  signal: AbortSignal,
): Promise<Wanted | undefined> {
  if (backup === undefined) return wantedRecord(log, job, key);
  const committed = existingBackups(log).find(({ id }) => id === backup);
  if (!committed) return undefined;
  if (key === manifestKey(job, backup)) return { key, sha256: committed.digest };
  const manifest = await readManifest(repository, job, backup, committed.digest, signal);
  const named = namedObjects(manifest).find((object) => object.key === key);
  return named && { key, sha256: named.entry.sha256 };
}

/** Evidence, or a request of the erasure ledger. */
function wantedRecord(log: readonly CommitRecord[], job: string, key: string): Wanted | undefined {
  for (const { commit } of log) {
    const { subject } = commit;
    if (subject.type === 'evidence' && evidenceKey(job, subject.id) === key)
      return { key, sha256: subject.digest };
    if (subject.type === 'erasure' && erasureKey(job, subject.id) === key)
      return { key, sha256: subject.digest };
  }
  return undefined;
}
