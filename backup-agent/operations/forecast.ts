import type { LockForecast } from '../repository/retention-locks.ts';
import { forecastLocks } from '../repository/retention-locks.ts';
import type { Agent } from './agent.ts';
import { readHistory } from './history.ts';

export interface StorageForecast {
  readonly job: string;
  readonly repository: string;
  /** Stored now, by every backup that exists. */
  readonly storedBytes: number;
  /** Whether the repository locks its objects already. */
  readonly locking: boolean;
  /** What locks hold, or would; absent where no recent backup gives a rate. */
  readonly locks?: LockForecast;
}

/** What Object Lock holds, or would hold, at the rate of the last thirty days. */
export async function forecastStorage(
  agent: Agent,
  job: string,
  repositoryName?: string,
): Promise<StorageForecast> {
  const repository = await agent.openRepository(repositoryName ?? agent.job(job).repository);
  const { backups } = await readHistory(agent, repository, job);
  const configured = agent.configuration.repositories[repository.name];
  const locks = forecastLocks(
    agent.job(job),
    backups.map(({ manifest }) => ({
      at: new Date(manifest.startedAt),
      storedBytes: manifest.storedBytes,
    })),
    agent.now(),
  );
  return {
    job,
    repository: repository.name,
    storedBytes: backups.reduce((sum, { manifest }) => sum + manifest.storedBytes, 0),
    locking: configured?.type === 's3' && configured.objectLock !== undefined,
    ...(locks ? { locks } : {}),
  };
}
