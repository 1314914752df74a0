import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { reservedSegment } from '../key.ts';
import { ensureFolder } from './folders.ts';
import { isAbsence, systemCode } from './file-errors.ts';

const privateFile = 0o600;

/** A file that no reader sees yet. Disposing of it closes it, and removes it if it is still there. */
export interface UnfinishedFile extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
}

export function unfinishedFolder(root: string): string {
  return join(root, reservedSegment);
}

export async function createUnfinished(root: string): Promise<UnfinishedFile> {
  const folder = unfinishedFolder(root);
  await ensureFolder(root, folder);
  const path = join(folder, `${randomUUID()}.part`);
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    privateFile,
  );
  return {
    path,
    handle,
    async [Symbol.asyncDispose]() {
      await handle.close();
      await unlinkIfThere(path);
    },
  };
}

/**
 * The file system's own clock: when it says that a file, written just now, was changed. Undefined
 * where no file can be made.
 */
export async function timeOf(root: string): Promise<Date | undefined> {
  try {
    await using unfinished = await createUnfinished(root);
    // Creation alone may not tell: NFS keeps something else in the time of a file just made (RFC 1813, 3.3.8).
    await unfinished.handle.write('.');
    await unfinished.handle.sync();
    return (await unfinished.handle.stat()).mtime;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Removes what killed writers left behind, if nothing was written to it since `before`. Returns how
 * many files that were.
 */
export async function removeUnfinished(root: string, before: Date): Promise<number> {
  const folder = unfinishedFolder(root);
  let removed = 0;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (!(await isOlder(path, before))) continue;
    await unlinkIfThere(path);
    removed += 1;
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

async function isOlder(path: string, moment: Date): Promise<boolean> {
  try {
    const { mtimeMs, ctimeMs } = await lstat(path);
    return Math.max(mtimeMs, ctimeMs) < moment.getTime();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
}
