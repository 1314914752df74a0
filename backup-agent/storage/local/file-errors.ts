import { HoldfastError } from '../../errors/holdfast-error.ts';
import { invalidKey } from '../key.ts';

/** The `code` of a system error, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  const code = systemCode(error);
  return code !== undefined && codes.includes(code);
}

/** Nothing is there: the name is free, or a part of the path is no folder. */
export function isAbsence(error: unknown): boolean {
  return isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP');
}

/** A system error as a storage's error; every other error as it is. */
export function fromFileError(error: unknown, key: string, location: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof HoldfastError) return error;
  const place = key === '' ? location : `object ${JSON.stringify(key)} in ${location}`;
  if (code === 'ENOTDIR' && key === '')
    return new HoldfastError('storage-unreachable', `${location} is no folder (${code})`, {
      cause: error,
      hint: 'something else has that name, or that of a folder above it: correct the path',
    });
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new HoldfastError('storage-full', `no room for ${place} (${code})`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new HoldfastError('storage-denied', `access to ${place} is refused (${code})`, {
        cause: error,
        hint:
          code === 'EROFS'
            ? 'its file system is mounted read-only: mount it for writing'
            : 'the file system refuses it to the user that runs this command: look at the owner, mode and mount of that folder, and of those above it',
      });
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENOTEMPTY':
      return invalidKey(key, `clashes with another object's name in ${location}`, error);
    case 'ENAMETOOLONG':
      return invalidKey(key, `is too long for the file system of ${location}`, error);
    default:
      if (!/^E[A-Z0-9]+$/.test(code)) return error;
      return new HoldfastError('storage-unreachable', `access to ${place} failed (${code})`, {
        cause: error,
      });
  }
}

export function missingObject(key: string, location: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'storage-object-missing',
    `object ${JSON.stringify(key)} is not in ${location}`,
    { cause },
  );
}
