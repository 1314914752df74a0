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
    const answer = await askForLedger(agent, { job, name, known, identities });
    if (answer.state === 'unread') unread.push({ where: name, what: answer.why });
    if (answer.state !== 'read') return;
    for (const request of answer.requests) found.set(request.id, request);
  });
  return {
    requests: [...found.values()].toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    unread: unread.toSorted((left, right) => (left.where < right.where ? -1 : 1)),
  };
}

interface LedgerQuestion {
  readonly job: string;
  /** Of the repository. */
  readonly name: string;
  readonly identities: readonly string[];
  /** Requests that need not be read again. */
  readonly known?: ReadonlySet<string>;
}

/** `none`: a copy that was never made. */
export type LedgerAnswer =
  | { readonly state: 'read'; readonly requests: readonly Erasure[] }
  | { readonly state: 'none' }
  | { readonly state: 'unread'; readonly why: string };

/** The ledger of one repository of a job, whose silence or damage is an answer too. */
export async function askForLedger(
  agent: Pick<ReadingAgent, 'openRepository' | 'seenCommits' | 'job' | 'signal'>,
  { job, name, identities, known }: LedgerQuestion,
): Promise<LedgerAnswer> {
  const patience = AbortSignal.timeout(patienceMs);
  const signal = AbortSignal.any([agent.signal, patience]);
  try {
    const repository = await agent.openRepository(name, signal);
    const log = await readLogOnly({ signal, seenCommits: agent.seenCommits }, repository, job);
    return {
      state: 'read',
      requests: await readErasures(repository, log, identities, signal, known),
    };
  } catch (error) {
    agent.signal.throwIfAborted();
    if (patience.aborted)
      return { state: 'unread', why: `no answer within ${patienceMs / 1_000} seconds` };
    if (!isHoldfastError(error)) throw error;
    const isCopy = name !== agent.job(job).repository;
    if (isCopy && error.code === 'repository-not-found') return { state: 'none' };
    return { state: 'unread', why: `${error.message} (${error.code})` };
  }
}
