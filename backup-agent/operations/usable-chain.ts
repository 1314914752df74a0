import { isHoldfastError, isIntegrity } from '../errors/holdfast-error.ts';
import { readNewestChain, type BackupRecord } from '../repository/backups.ts';
import type { CommitRecord } from '../repository/commit-log.ts';
import type { Repository } from '../repository/repository.ts';
import { condemnedBackups } from '../repository/standing.ts';
import type { Agent } from './agent.ts';
import { readableEvidence } from './plan-prune.ts';

/**
 * The newest chain, where the next backup may continue it. One that is damaged, or that a deep
 * verification or drill found wrong, it may not: the answer is a new full, not a failure, and a warning
 * that says why.
 */
export async function usableChain(
  agent: Pick<Agent, 'log' | 'signal'>,
  repository: Repository,
  log: readonly CommitRecord[],
): Promise<readonly BackupRecord[]> {
  try {
    const chain = await readNewestChain(repository, log, agent.signal);
    const [condemned] = await findCondemned(agent, repository, log, chain);
    if (condemned === undefined) return chain;
    agent.log.warn(
      { backup: condemned },
      `the newest chain is known not to restore, so a new full begins: a verification or drill found ${condemned} wrong`,
    );
    return [];
  } catch (error) {
    if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
    agent.log.warn(
      { error },
      `the newest chain is damaged, so a new full begins: ${error.message}`,
    );
    return [];
  }
}

async function findCondemned(
  agent: Pick<Agent, 'log' | 'signal'>,
  repository: Repository,
  log: readonly CommitRecord[],
  chain: readonly BackupRecord[],
): Promise<readonly string[]> {
  const base = chain[0]?.manifest.id;
  // Nothing can have been said of the chain before it began, so older evidence is not fetched.
  const began = log.findIndex(
    ({ commit: { subject } }) => subject.type === 'backup' && subject.id === base,
  );
  const since = log.slice(Math.max(0, began));
  return condemnedBackups(chain, since, await readableEvidence(agent, repository, since));
}
