import type { ObjectVersion } from '../storage/storage.ts';
import { jobPrefix } from './layout.ts';
import type { Repository } from './repository.ts';

/** Everything stored under a job: the versions of each key, newest first. */
export type Inventory = ReadonlyMap<string, readonly ObjectVersion[]>;

export async function takeInventory(
  { storage }: Repository,
  job: string,
  signal: AbortSignal,
): Promise<Inventory> {
  const inventory = new Map<string, ObjectVersion[]>();
  for await (const version of storage.listVersions(jobPrefix(job), { signal })) {
    const versions = inventory.get(version.key);
    if (versions) versions.push(version);
    else inventory.set(version.key, [version]);
  }
  return inventory;
}

/** The version that a reader gets; undefined when there is none, or a delete marker hides it. */
export function visible(inventory: Inventory, key: string): ObjectVersion | undefined {
  const newest = inventory.get(key)?.find(({ latest }) => latest);
  return newest === undefined || newest.deleteMarker ? undefined : newest;
}

/** Keys that no reader of the format asks for, among backups that exist: somebody else put them. */
export function findStrays(
  inventory: Inventory,
  backupPrefixes: readonly string[],
  named: ReadonlySet<string>,
): string[] {
  const prefixes = new Set(backupPrefixes);
  return [...inventory.keys()].filter((key) => {
    const prefix = key.split('/', 3).join('/');
    return prefixes.has(`${prefix}/`) && !named.has(key);
  });
}

/** Whether something was put, or a delete marker laid, over an object that was to stay as it is. */
export function isTouched(inventory: Inventory, key: string): boolean {
  return (inventory.get(key)?.length ?? 0) > 1;
}

/** Whether the object is still there under a delete marker. */
export function isHidden(inventory: Inventory, key: string): boolean {
  const versions = inventory.get(key) ?? [];
  return visible(inventory, key) === undefined && versions.some((version) => !version.deleteMarker);
}
