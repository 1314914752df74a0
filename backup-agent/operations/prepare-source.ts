import { HoldfastError } from '../errors/holdfast-error.ts';
import { applyPreparation, planPreparation } from '../sources/postgres/prepare/prepare-source.ts';
import type { PreparationStep } from '../sources/postgres/prepare/preparation.ts';
import type { Agent } from './agent.ts';

export interface PrepareRequest {
  readonly job: string;
  /** Connection URL of an administrator. */
  readonly admin: string;
  /** Otherwise only says what is missing. */
  readonly apply: boolean;
}

/** What a job's database server still needs, and with `apply` does it. */
export async function prepareSource(
  agent: Agent,
  request: PrepareRequest,
): Promise<PreparationStep[]> {
  const { source } = agent.job(request.job);
  if (source.type !== 'postgres')
    throw new HoldfastError(
      'usage-invalid',
      `job ${request.job} backs up files: nothing to prepare`,
    );
  const { user } = await agent.databaseTarget(source.url);
  const options = {
    target: await agent.databaseTarget(request.admin),
    job: request.job,
    role: user,
    slotDropBytes: source.slot.dropAt,
    signal: agent.signal,
  };
  return request.apply ? await applyPreparation(options) : await planPreparation(options);
}
