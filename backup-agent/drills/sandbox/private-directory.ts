import {
  abandonedDirectories,
  createOwnedDirectory,
  removeOwnedDirectory,
} from './owned-directory.ts';

const prefix = 'holdfast-drill-';

/** A directory that only this user may enter. Disposing it removes it with everything in it. */
export interface PrivateDirectory extends AsyncDisposable {
  /** An empty directory to restore into. */
  readonly path: string;
}

/** Makes one below `root`, marked with the process that owns it. */
export async function createPrivateDirectory(root: string): Promise<PrivateDirectory> {
  const path = await createOwnedDirectory(root, prefix);
  return { path, [Symbol.asyncDispose]: () => removeOwnedDirectory(path) };
}

/** Removes the directories whose owner is gone, killed before it could. Returns which. */
export async function removeAbandonedDirectories(root: string): Promise<string[]> {
  const abandoned = await abandonedDirectories(root, prefix);
  for (const directory of abandoned) await removeOwnedDirectory(directory);
  return abandoned;
}
