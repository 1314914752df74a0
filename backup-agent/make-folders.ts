import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing, each for this user alone. Node's `recursive`
 * does the same, but never ends where a file system has no room for folders and says ENOENT, as /proc
 * does. Rejects with the system's error; ENOTDIR where something else has the name.
 */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') await assertFolder(path, error);
    else if (code !== 'ENOENT' || (await isThere(dirname(path)))) throw error;
    else {
      await makeFolders(dirname(path));
      await makeFolders(path);
    }
  }
}

async function assertFolder(path: string, error: unknown): Promise<void> {
  if (!(await stat(path)).isDirectory())
    throw Object.assign(new Error(`ENOTDIR: mkdir '${path}'`, { cause: error }), {
      code: 'ENOTDIR',
      syscall: 'mkdir',
      path,
    });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
