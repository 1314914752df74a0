import { z } from 'zod';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { watchChainSlot, type ChainSlot } from '../sources/postgres/changes/job-slots.ts';
import { serverFailure } from '../sources/postgres/server-error.ts';
import type { Agent } from './agent.ts';
import { recallHistory } from './history.ts';

export interface SlotFacts extends ChainSlot {
  readonly job: string;
  /** Age of the oldest change that no backup can hold yet: that of the newest backup's moment. */
  readonly lagMs: number;
}

const manifestSource = z.looseObject({ slot: z.string().optional() });

/**
 * Looks at the slot of every PostgreSQL job's chain, warns when it keeps much, and drops it at the
 * job's limit, so that the server's disk does not fill while no run comes. A job in `running` keeps
 * its slot: its run is about to free what the slot keeps. A database that cannot be reached is logged
 * and left out.
 */
export async function watchSlots(
  agent: Agent,
  jobs: readonly string[],
  running: readonly string[],
): Promise<SlotFacts[]> {
  const looked = await Promise.all(
    jobs
      .filter((job) => agent.job(job).source.type === 'postgres')
      .map((job) => watchSlot(agent, job, !running.includes(job))),
  );
  return looked.flatMap((facts) => facts ?? []);
}

async function watchSlot(agent: Agent, job: string, drop: boolean): Promise<SlotFacts | undefined> {
  const { signal, log, now } = agent;
  try {
    const repository = await agent.openRepository(agent.job(job).repository);
    const newest = (await recallHistory(agent, repository, job)).backups.at(-1)?.manifest;
    const slot = newest && manifestSource.parse(newest.source).slot;
    if (!newest || slot === undefined) return undefined;
    const setup = await agent.postgresSetup(job);
    const found = await watchChainSlot(setup, slot, { signal, log }, { drop }).catch(
      (error: unknown) => {
        throw serverFailure(error, `slot ${slot}`, signal);
      },
    );
    const lagMs = Math.max(0, now().getTime() - Date.parse(newest.point.time));
    return found && { job, ...found, lagMs };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (error.code !== 'repository-not-found')
      log.warn({ job, error }, `the slot could not be looked at: ${error.message}`);
    return undefined;
  }
}
