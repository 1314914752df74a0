import { constants } from 'node:fs';
import { access, mkdir, open, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalidKey } from '../key.ts';
import { folderState } from './paths.ts';
import { isSystemError } from './file-errors.ts';

const privateFolder = 0o700;

/**
 * Makes `folder`, which lies in `root`, durable with every folder above it that is missing. Each
 * step is checked before the next is made, so that no symbolic link leads out of the root.
 */
export async function ensureFolder(root: string, folder: string): Promise<void> {
  const state = await folderState(folder);
  if (state === 'real') return;
  if (state === 'linked') throw invalidKey(folder, 'is reached through a symbolic link');
  if (folder !== root) await ensureFolder(root, dirname(folder));
  try {
    await mkdir(folder, { mode: privateFolder });
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
  await syncFolder(dirname(folder));
}

/**
 * Rejects with the system's error unless entries can be made in a folder, or, where it is missing, in
 * the nearest one above it.
 */
export async function assertFolderWritable(folder: string): Promise<void> {
  let nearest = folder;
  while ((await folderState(nearest)) === 'missing' && dirname(nearest) !== nearest)
    nearest = dirname(nearest);
  // With a separator at its end, the path of a file is ENOTDIR.
  await access(`${nearest}/`, constants.W_OK | constants.X_OK);
}

/** Makes the folder's entries durable: a file's own fsync does not cover its name. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems have no fsync of folders; their renames are durable by themselves.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await handle.close();
  }
}

/** The same for a folder that a removal may have taken away: then for the nearest above it. */
export async function syncNearestFolder(root: string, folder: string): Promise<void> {
  try {
    await syncFolder(folder);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') || folder === root) throw error;
    await syncNearestFolder(root, dirname(folder));
  }
}

/** Removes `folder` and the folders above it as long as they are empty; never the root. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== root; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}
