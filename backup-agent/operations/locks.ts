import { lockEnd } from '../repository/retention-locks.ts';
import type { Agent } from './agent.ts';

/**
 * What a put under `jobs/` says of Object Lock: nothing unless the repository configures it, else
 * until when, see `lockEnd`. `at` is when the backup began; one whose lock would be over gets none.
 */
export function lockOf(
  agent: Agent,
  job: string,
  repositoryName: string,
  at: Date = agent.now(),
): { readonly lockUntil?: Date } {
  const repository = agent.configuration.repositories[repositoryName];
  if (repository?.type !== 's3' || repository.objectLock === undefined) return {};
  const lockUntil = lockEnd(agent.job(job), at);
  return lockUntil > agent.now() ? { lockUntil } : {};
}
