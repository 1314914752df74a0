import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../errors/holdfast-error.ts';

/**
 * Creates a file that only its owner reads, durable when it resolves. An existing file, or anything
 * else of that name, is never touched: `key-file-exists`.
 */
export async function writeKeyFile(path: string, content: string): Promise<void> {
  const file = await create(path);
  try {
    // The mode given to open() is cut by the umask, never widened; a umask may even take u+r away.
    await file.chmod(0o600);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

async function create(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new HoldfastError('key-file-exists', `key file already exists: ${path}`, {
        cause: error,
      });
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
