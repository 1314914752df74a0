import { HoldfastError } from '../errors/holdfast-error.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import { momentOf, type BackupRecord } from '../repository/backups.ts';
import { chainOf } from '../repository/chain.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import type { Repository } from '../repository/repository.ts';
import type { BackupReader } from '../sources/source.ts';
import type { Agent } from './agent.ts';
import { readHistoryDespiteDamage } from './history.ts';
import { assertNotPassedOver, sortOut } from './passed-over.ts';

export interface Selection {
  readonly job: string;
  /** `latest`, `oldest`, `random`, or a backup's id. */
  readonly backup: string;
  /** The repository to read from; the job's own unless named. */
  readonly from?: string;
  /** With `latest`: the oldest backup whose moment is at or after this one, where there is any. */
  readonly notBefore?: Date;
  /** With `latest`: the backup whose chain leads to this moment, never past it. */
  readonly at?: Date;
}

/** What choosing and reading a backup needs of an agent. */
export type ReadingAgent = Pick<
  Agent,
  'signal' | 'seenCommits' | 'log' | 'randomBytes' | 'job' | 'openRepository' | 'recoveryIdentities'
>;

export interface SelectedBackup {
  readonly repository: Repository;
  readonly record: BackupRecord;
  readonly chain: readonly BackupRecord[];
  /** The same chain, readable with the recovery identity. */
  readonly readers: readonly BackupReader[];
  /** Every backup of the job there that restores as far as manifests tell, oldest first. */
  readonly backups: readonly BackupRecord[];
  /** The job's log there. */
  readonly log: readonly CommitRecord[];
}

/**
 * Finds a backup and opens its chain, signatures and links checked. Damage to others is warned of;
 * where a damaged one would have been the answer, no other is taken in its place. Throws
 * `backup-unknown`, `moment-not-covered`, `identity-missing`, or what is wrong with the log, or with
 * the backup.
 */
export async function selectBackup(
  agent: ReadingAgent,
  selection: Selection,
): Promise<SelectedBackup> {
  const { job, from } = selection;
  const { repository: own, copies } = agent.job(job);
  const repository = await agent.openRepository(from ?? own);
  const { log, ...found } = await readHistoryDespiteDamage(agent, repository, job);
  const { backups, broken } = sortOut(found);
  const record = choose(agent, backups, selection);
  assertNotPassedOver(
    { ...selection, repository: repository.name, repositories: [own, ...copies] },
    { backups, broken, record },
  );
  if (!record) throw nothingFor(selection, repository, backups);
  const chain = chainOf(backups, record.manifest.id);
  return { ...(await openChain(agent, repository, chain)), record, backups, log };
}

function nothingFor(
  { job, backup, at }: Selection,
  { name }: Repository,
  [oldest]: readonly BackupRecord[],
): HoldfastError {
  if (at && oldest) {
    const from = momentOf(oldest).toISOString();
    return new HoldfastError('moment-not-covered', `${name} covers job ${job} from ${from} on`);
  }
  const which = backup === 'latest' ? '' : `${backup} `;
  return new HoldfastError('backup-unknown', `job ${job} has no backup ${which}in ${name}`);
}

/** Opens a chain for reading, with the recovery identity. */
export async function openChain(
  agent: ReadingAgent,
  repository: Repository,
  chain: readonly BackupRecord[],
): Promise<Pick<SelectedBackup, 'repository' | 'chain' | 'readers'>> {
  const identities = await agent.recoveryIdentities();
  const readers = chain.map(({ manifest }) =>
    createBackupReader(repository.storage, manifest, identities),
  );
  return { repository, chain, readers };
}

function choose(
  agent: ReadingAgent,
  backups: readonly BackupRecord[],
  { backup, notBefore, at }: Selection,
): BackupRecord | undefined {
  if (backup === 'oldest') return backups[0];
  if (backup === 'random')
    return backups[Buffer.from(agent.randomBytes(4)).readUInt32LE() % backups.length];
  if (backup !== 'latest') return backups.find(({ manifest }) => manifest.id === backup);
  if (at) return leadingTo(backups, at);
  const after = notBefore && backups.find((record) => momentOf(record) >= notBefore);
  return after ?? backups.at(-1);
}

/**
 * Of a database the first backup that ends at or after the moment, where its chain begins before it: its
 * log is replayed up to there. Otherwise the last one that shows no later moment.
 */
function leadingTo(backups: readonly BackupRecord[], at: Date): BackupRecord | undefined {
  const withLog = backups.filter(({ manifest }) => manifest.source.kind === 'postgres');
  const covering = withLog.find(
    (record) =>
      momentOf(record) >= at &&
      chainOf(backups, record.manifest.id).some((link) => momentOf(link) <= at),
  );
  return covering ?? backups.findLast((record) => momentOf(record) <= at);
}
