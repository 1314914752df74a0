import { randomUUID } from 'node:crypto';
import { access, constants, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** A system error at the state directory as `state-unusable`; every other error as it is. */
export function stateUnusable(directory: string, error: unknown): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const why = reasons[code] ?? 'the system refuses it';
  return new HoldfastError(
    'state-unusable',
    `the state directory ${directory} cannot be used: ${why} (${code})`,
    { cause: error },
  );
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'its file system is mounted read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: "this user's quota is used up",
  ENOTDIR: 'something that is no folder has its name, or that of a folder above it',
};

/**
 * Throws `state-unusable` unless something can be written to the state directory, or, where it is not
 * there yet, it can be made. Leaves nothing behind.
 */
export async function assertStateUsable(directory: string): Promise<void> {
  try {
    const nearest = await nearestThere(directory);
    await access(nearest, constants.W_OK | constants.X_OK);
    if (nearest !== directory) return;
    // Only a write tells that a disk is full.
    const probe = join(directory, `${randomUUID()}.probe`);
    try {
      await writeFile(probe, '.', { mode: 0o600, flag: 'wx' });
    } finally {
      await rm(probe, { force: true });
    }
  } catch (error) {
    throw stateUnusable(directory, error);
  }
}

/** The folder itself, or the one above it in which it, or what leads to it, would be made. */
async function nearestThere(folder: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!missing || dirname(folder) === folder) throw error;
    return await nearestThere(dirname(folder));
  }
  throw Object.assign(new Error(`ENOTDIR: ${folder}`), { code: 'ENOTDIR' });
}
