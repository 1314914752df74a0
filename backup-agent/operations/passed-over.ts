import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { timeOfBackupId } from '../repository/backup-id.ts';
import { momentOf, type BackupRecord } from '../repository/backups.ts';
import { chainOf, wholeChains } from '../repository/chain.ts';
import type { DamagedHistory } from './history.ts';
import type { Selection } from './select-backup.ts';

/** A committed backup that does not restore, by its own manifest or by one that it needs. */
export interface BrokenBackup {
  readonly id: string;
  readonly error: HoldfastError;
}

interface SortedOut {
  /** Those whose chains are whole, oldest first. */
  readonly backups: readonly BackupRecord[];
  /** The others, oldest first. */
  readonly broken: readonly BrokenBackup[];
}

/** Tells the backups that restore, as far as manifests tell, from the others. */
export function sortOut({
  backups,
  unreadable,
}: Pick<DamagedHistory, 'backups' | 'unreadable'>): SortedOut {
  const whole = wholeChains(backups);
  const errors = new Map(unreadable.map(({ id, error }) => [id, error]));
  const sound = backups.filter(({ manifest: { id, parent } }) => {
    if (whole.has(id)) return true;
    const above = parent === undefined ? undefined : errors.get(parent);
    const error = above
      ? new HoldfastError('chain-broken', `backup ${id} needs ${parent}: ${above.message}`)
      : brokenChain(backups, id);
    if (error) errors.set(id, error);
    return error === undefined;
  });
  const broken = [...errors].map(([id, error]) => ({ id, error }));
  return { backups: sound, broken: broken.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

function brokenChain(backups: readonly BackupRecord[], id: string): HoldfastError | undefined {
  try {
    chainOf(backups, id);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error;
  }
}

interface Choice extends SortedOut {
  /** What was chosen among the sound ones. */
  readonly record: BackupRecord | undefined;
}

interface Place extends Selection {
  readonly repository: string;
  /** All that the job has. */
  readonly repositories: readonly string[];
}

/**
 * Throws what is wrong with a broken backup that was, or may have been, what the selection means: an
 * older state must be asked for by its name.
 */
export function assertNotPassedOver(place: Place, choice: Choice): void {
  const passedOver = findPassedOver(place, choice);
  if (!passedOver) return;
  const { id, error } = passedOver;
  const { job, repository } = place;
  throw new HoldfastError(
    error.code,
    `${id}, ${meaningOf(place)} of job ${job} in ${repository}, does not restore: ${error.message}`,
    { cause: error, hint: waysOut(place, choice) },
  );
}

function meaningOf({ backup, at }: Place): string {
  if (at) return `which may lead to ${at.toISOString()},`;
  return { latest: 'the newest backup', oldest: 'the oldest backup' }[backup] ?? 'a backup';
}

function waysOut(place: Place, { record, backups }: Choice): string {
  const { job, repository, repositories, backup, at } = place;
  const sound = record ?? backups.at(-1);
  const age = backup === 'oldest' ? 'oldest' : at && record ? 'nearest' : 'newest';
  const other = repositories.find((name) => name !== repository);
  const into = repository === repositories[0] ? '' : ` --into ${repository}`;
  const ways = [
    ...(sound ? [`\`--backup ${sound.manifest.id}\` takes the ${age} sound one`] : []),
    ...(other === undefined
      ? []
      : [
          `\`--from ${other}\` reads ${other}`,
          `\`holdfast repair ${job} --from ${other}${into}\` may mend this one`,
        ]),
  ];
  return ways.join('; ') || 'nothing else restores: docs/operations/damage.md';
}

function findPassedOver(
  { backup, at, notBefore }: Place,
  { backups, broken, record }: Choice,
): BrokenBackup | undefined {
  const chosen = record?.manifest.id;
  switch (backup) {
    case 'random':
      return undefined;
    case 'oldest':
      return broken.find(({ id }) => chosen === undefined || id < chosen);
    case 'latest': {
      if (at) return findCovering(at, { backups, broken, record });
      const isAfter = record && notBefore && momentOf(record) >= notBefore;
      return isAfter ? undefined : broken.findLast(({ id }) => chosen === undefined || id > chosen);
    }
    default:
      return broken.find(({ id }) => id === backup);
  }
}

/**
 * A chosen backup that ends at or after the moment leads to it exactly. Otherwise a broken one may
 * have led there, or nearer to it, when it was taken after the chosen one and before the next: one
 * begun before the moment, or, where the backups before it begin a chain with a log, after it.
 */
function findCovering(at: Date, { backups, broken, record }: Choice): BrokenBackup | undefined {
  if (record && momentOf(record) >= at) return undefined;
  const next = backups.find((other) => momentOf(other) > at);
  const hasLog = record?.manifest.source.kind === 'postgres';
  return broken.find(({ id }) => {
    if (record && id < record.manifest.id) return false;
    if (next && id > next.manifest.id) return false;
    return hasLog || timeOfBackupId(id) <= at;
  });
}
