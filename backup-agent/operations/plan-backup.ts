import { isHoldfastError } from '../errors/holdfast-error.ts';
import { createBackupReader } from '../repository/backup-reader.ts';
import type { BackupForecast } from '../sources/postgres/forecast-backup.ts';
import type { BackupReader } from '../sources/source.ts';
import type { Agent } from './agent.ts';
import { readLogOnly } from './history.ts';
import { usableChain } from './usable-chain.ts';

export interface PlannedBackup extends BackupForecast {
  readonly job: string;
}

/**
 * What the next backup of a database's job would read; changes nothing, here or there. Throws
 * `usage-invalid` for a job that backs up something else.
 */
export async function planBackup(agent: Agent, job: string): Promise<PlannedBackup> {
  // Loaded here, for backups need none of it.
  const { forecastBackup } = await import('../sources/postgres/forecast-backup.ts');
  const setup = await agent.postgresSetup(job);
  const chain = await newestChain(agent, job);
  return { job, ...(await forecastBackup(setup, chain, agent.signal)) };
}

async function newestChain(agent: Agent, job: string): Promise<BackupReader[]> {
  try {
    const repository = await agent.openRepository(agent.job(job).repository);
    const log = await readLogOnly(agent, repository, job);
    const chain = await usableChain(agent, repository, log);
    const identities = await agent.metadataIdentities();
    return chain.map(({ manifest }) =>
      createBackupReader(repository.storage, manifest, identities),
    );
  } catch (error) {
    // The first backup makes the repository.
    if (isHoldfastError(error, 'repository-not-found')) return [];
    throw error;
  }
}
