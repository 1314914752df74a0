import pMap from 'p-map';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { ObjectVersion, Storage } from '../storage/storage.ts';

/** An object that a lock or legal hold keeps. */
export interface LockedObject {
  readonly key: string;
  readonly version?: string;
}

const parallelRemovals = 8;

/**
 * Removes every object under `prefix`, each version of it. Those that are locked stay and are
 * returned. The manifest goes first: what is left then is plainly no backup.
 */
export async function removeObjects(
  storage: Storage,
  prefix: string,
  signal: AbortSignal,
): Promise<LockedObject[]> {
  const versions = await Array.fromAsync(storage.listVersions(prefix, { signal }));
  const isManifest = ({ key }: ObjectVersion) => key === `${prefix}manifest.json`;
  const locked: LockedObject[] = [];
  for (const group of [versions.filter(isManifest), versions.filter((v) => !isManifest(v))])
    await pMap(
      group,
      async ({ key, version }) => {
        const which = version === undefined ? {} : { version };
        try {
          await storage.remove(key, { ...which, signal });
        } catch (error) {
          if (!isHoldfastError(error, 'storage-locked')) throw error;
          locked.push({ key, ...which });
        }
      },
      { concurrency: parallelRemovals, signal },
    );
  return locked;
}
