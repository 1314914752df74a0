import { HoldfastError, isHoldfastError, isIntegrity } from '../errors/holdfast-error.ts';
import { prunedSince } from '../repository/backups.ts';
import { readLogOnly } from './history.ts';
import type { ReadingAgent, SelectedBackup } from './select-backup.ts';

/**
 * Reads a chain. Where a prune took some of it meanwhile, what is missing is no damage: throws
 * `backup-unknown` instead of it.
 */
export async function unlessPruned<Result>(
  agent: Pick<ReadingAgent, 'signal' | 'seenCommits'>,
  selected: Pick<SelectedBackup, 'repository' | 'chain' | 'log' | 'record'>,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!isHoldfastError(error) || !isIntegrity(error)) throw error;
    const { repository, record, chain, log } = selected;
    const { id, job } = record.manifest;
    // A log that cannot be read tells nothing better than what went wrong first.
    const now = await readLogOnly(agent, repository, job).catch(() => log);
    if (!chain.some(({ manifest }) => prunedSince(now, log.length, manifest.id))) throw error;
    throw new HoldfastError(
      'backup-unknown',
      `backup ${id} was pruned from ${repository.name} while it was read`,
      {
        cause: error,
        hint: `what was written is not whole; \`holdfast list ${job}\` shows what is left, and a hold keeps a backup that is needed for longer`,
      },
    );
  }
}
