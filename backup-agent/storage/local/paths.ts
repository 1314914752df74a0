import { realpath } from 'node:fs/promises';
import { makeFolders } from '../../make-folders.ts';
import { isAbsence } from './file-errors.ts';

/** The root's real path; the root itself may be a link. */
export async function existingRoot(root: string): Promise<string | undefined> {
  try {
    return await realpath(root);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

export async function ensureRoot(root: string): Promise<string> {
  const existing = await existingRoot(root);
  if (existing !== undefined) return existing;
  await makeFolders(root);
  return realpath(root);
}

/** Whether a path leads to a folder (or file), and does so without any link. */
export async function folderState(folder: string): Promise<'real' | 'missing' | 'linked'> {
  try {
    return (await realpath(folder)) === folder ? 'real' : 'linked';
  } catch (error) {
    if (isAbsence(error)) return 'missing';
    throw error;
  }
}
