import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';

/**
 * A job's own repository and those it is copied to, or only the one that is named. Copies that do not
 * exist yet are left out; the job's own must be there.
 */
export async function openJobRepositories(
  agent: Agent,
  jobName: string,
  only?: string,
): Promise<Repository[]> {
  const job = agent.job(jobName);
  if (only !== undefined) return [await agent.openRepository(only)];
  const found = [await agent.openRepository(job.repository)];
  for (const copy of job.copies) {
    try {
      found.push(await agent.openRepository(copy));
    } catch (error) {
      if (!isHoldfastError(error, 'repository-not-found')) throw error;
    }
  }
  return found;
}
