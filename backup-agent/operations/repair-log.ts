import { isTouched, takeInventory } from '../repository/inventory.ts';
import { commitsPrefix } from '../repository/layout.ts';
import { uncover } from '../repository/good-copy.ts';
import type { Repository } from '../repository/repository.ts';
import type { Agent } from './agent.ts';
import type { Repair } from './repair.ts';

/**
 * Takes off the commits what was put over them. A commit is created where nothing is, so its oldest
 * version is the commit; the log's own links prove it afterwards.
 */
export async function uncoverLog(
  { signal }: Agent,
  repository: Repository,
  job: string,
): Promise<Repair[]> {
  const inventory = await takeInventory(repository, job, signal);
  const repaired: Repair[] = [];
  for (const [key, versions] of inventory) {
    if (!key.startsWith(commitsPrefix(job)) || !isTouched(inventory, key)) continue;
    const oldest = versions.findLast(({ deleteMarker }) => !deleteMarker);
    if (!oldest) continue;
    await uncover(repository.storage, oldest, versions, signal);
    repaired.push({ key, how: 'uncovered' });
  }
  return repaired;
}
