import { backupId } from '../../contracts/names.ts';
import { everCommitted, existingBackups } from './backups.ts';
import type { CommitRecord } from './commit-log.ts';
import { jobPrefix } from './layout.ts';
import type { Repository } from './repository.ts';

/** What is stored of a backup that does not exist. */
export interface Leftover {
  readonly id: string;
  /** `pruned`: a prune did not finish. `orphan`: no commit ever named it. */
  readonly why: 'pruned' | 'orphan';
  readonly objects: number;
  readonly bytes: number;
}

export interface StoredBackups {
  /** Those that the log does not count as existing; orphans only when nothing was added since `before`. */
  of(log: readonly CommitRecord[], before: Date): Leftover[];
}

interface Stored {
  objects: number;
  bytes: number;
  newest: number;
}

/**
 * Lists what is stored under a job, by backup. The log is read afterwards, so that a backup committed
 * during the listing is never taken for an orphan.
 */
export async function findLeftovers(
  { storage }: Repository,
  job: string,
  signal: AbortSignal,
): Promise<StoredBackups> {
  const stored = new Map<string, Stored>();
  const prefix = jobPrefix(job);
  for await (const { key, sizeBytes, modifiedAt } of storage.listVersions(prefix, { signal })) {
    const [id = ''] = key.slice(prefix.length).split('/', 1);
    if (!backupId.safeParse(id).success) continue;
    const sum = stored.get(id) ?? { objects: 0, bytes: 0, newest: 0 };
    sum.objects += 1;
    sum.bytes += sizeBytes;
    sum.newest = Math.max(sum.newest, modifiedAt.getTime());
    stored.set(id, sum);
  }
  return { of: (log, before) => leftoversOf(stored, log, before) };
}

function leftoversOf(
  stored: ReadonlyMap<string, Stored>,
  log: readonly CommitRecord[],
  before: Date,
): Leftover[] {
  const existing = new Set(existingBackups(log).map(({ id }) => id));
  const ever = everCommitted(log);
  return [...stored].flatMap(([id, { objects, bytes, newest }]): Leftover[] => {
    if (existing.has(id)) return [];
    if (ever.has(id)) return [{ id, why: 'pruned', objects, bytes }];
    return newest < before.getTime() ? [{ id, why: 'orphan', objects, bytes }] : [];
  });
}
