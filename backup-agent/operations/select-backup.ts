import { HoldfastError } from '../errors/holdfast-error.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import type { BackupRecord } from '../repository/backups.ts';
import { chainOf } from '../repository/chain.ts';
import type { Repository } from '../repository/repository.ts';
import type { BackupReader } from '../sources/source.ts';
import type { Agent } from './agent.ts';
import { readHistory } from './history.ts';

export interface Selection {
  readonly job: string;
  /** `latest`, `oldest`, `random`, or a backup's id. */
  readonly backup: string;
  /** The repository to read from; the job's own unless named. */
  readonly from?: string;
  /** Take the oldest backup whose moment is at or after this one, where there is any. */
  readonly notBefore?: Date;
}

export interface SelectedBackup {
  readonly repository: Repository;
  readonly record: BackupRecord;
  readonly chain: readonly BackupRecord[];
  /** The same chain, readable with the recovery identity. */
  readonly readers: readonly BackupReader[];
}

/**
 * Finds a backup and opens its chain, signatures and links checked. Throws `backup-unknown`,
 * `identity-missing`, or what is wrong with the log.
 */
export async function selectBackup(agent: Agent, selection: Selection): Promise<SelectedBackup> {
  const { job, from } = selection;
  const repository = await agent.openRepository(from ?? agent.job(job).repository);
  const { backups } = await readHistory(agent, repository, job);
  const record = choose(agent, backups, selection);
  if (!record)
    throw new HoldfastError(
      'backup-unknown',
      `job ${job} has no backup ${selection.backup === 'latest' ? '' : `${selection.backup} `}in ${repository.name}`,
    );
  const identities = await agent.recoveryIdentities();
  const chain = chainOf(backups, record.manifest.id);
  const readers = chain.map(({ manifest }) =>
    createBackupReader(repository.storage, manifest, identities),
  );
  return { repository, record, chain, readers };
}

function choose(
  agent: Agent,
  backups: readonly BackupRecord[],
  { backup, notBefore }: Selection,
): BackupRecord | undefined {
  if (backup === 'oldest') return backups[0];
  if (backup === 'random')
    return backups[Buffer.from(agent.randomBytes(4)).readUInt32LE() % backups.length];
  if (backup !== 'latest') return backups.find(({ manifest }) => manifest.id === backup);
  const after = notBefore
    ? backups.find(({ manifest }) => new Date(manifest.point.time) >= notBefore)
    : undefined;
  return after ?? backups.at(-1);
}
