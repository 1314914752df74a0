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
  const { job, target, slot } = await agent.postgresSetup(request.job);
  const options = {
    target: await agent.databaseTarget(request.admin),
    job,
    role: target.user,
    slotDropBytes: slot.dropBytes,
    signal: agent.signal,
  };
  return request.apply ? await applyPreparation(options) : await planPreparation(options);
}
