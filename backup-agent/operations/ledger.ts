import pMap from 'p-map';
import type { Erasure } from '../../contracts/erasure.ts';
import { isHoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { readErasures } from '../repository/erasures.ts';
import { readLogOnly } from './history.ts';
import type { ReadingAgent, SelectedBackup } from './select-backup.ts';

/** What is known of erased people when a backup is restored. */
export interface Ledger {
  /** Each request once, whichever repositories hold it; the oldest first. */
  readonly requests: readonly Erasure[];
  /** Repositories of the job whose requests could not be read, by name, and why. */
  readonly unread: readonly Problem[];
}

/** A repository that does not answer must not keep people from a restore. */
const patienceMs = 20_000;

/**
 * The requests of every repository of the job: one may hold what another lacks, as a copy that was
 * out of reach when a request was recorded, or a repository that was made anew. Those of the
 * repository that is restored from must be readable: throws what `readErasures` throws. The others
 * are asked for what it lacks, for 20 seconds at most; a copy that was never made has none.
 */
export async function readLedger(
  agent: ReadingAgent,
  job: string,
  { repository, log }: Pick<SelectedBackup, 'repository' | 'log'>,
): Promise<Ledger> {
  const identities = await agent.recoveryIdentities();
  const own = await readErasures(repository, log, identities, agent.signal);
  const { repository: primary, copies } = agent.job(job);
  const others = [primary, ...copies].filter((name) => name !== repository.name);
  const unread: Problem[] = [];
  const found = new Map(own.map((request) => [request.id, request]));
  const known = new Set(found.keys());
  await pMap(others, async (name) => {
    const elsewhere = { job, name, known, mayLack: name !== primary };
    const { requests, why } = await readElsewhere(agent, elsewhere);
    for (const request of requests) found.set(request.id, request);
    if (why !== undefined) unread.push({ where: name, what: why });
  });
  return {
    requests: [...found.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    unread: unread.toSorted((left, right) => (left.where < right.where ? -1 : 1)),
  };
}

interface Elsewhere {
  readonly job: string;
  readonly name: string;
  /** Requests that need not be read again. */
  readonly known: ReadonlySet<string>;
  /** Whether there need be no repository yet. */
  readonly mayLack: boolean;
}

async function readElsewhere(
  agent: ReadingAgent,
  { job, name, known, mayLack }: Elsewhere,
): Promise<{ readonly requests: readonly Erasure[]; readonly why?: string }> {
  const patience = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([agent.signal, patience]);
  try {
    const repository = await agent.openRepository(name, signal);
    const log = await readLogOnly({ signal, seenCommits: agent.seenCommits }, repository, job);
    const identities = await agent.recoveryIdentities();
    return { requests: await readErasures(repository, log, identities, signal, known) };
  } catch (error) {
    agent.signal.throwIfAborted();
    if (patience.aborted)
      return { requests: [], why: `no answer within ${patienceMs / 1_000} seconds` };
    if (!isHoldfastError(error)) throw error;
    if (mayLack && error.code === 'repository-not-found') return { requests: [] };
    return { requests: [], why: `${error.message} (${error.code})` };
  }
}
