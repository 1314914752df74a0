import type { ErrorCode } from '../../../errors/catalogue.ts';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { errorCode } from '../system-errors.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'target-full',
  EDQUOT: 'target-full',
  EFBIG: 'target-full',
  EACCES: 'target-denied',
  EPERM: 'target-denied',
  EROFS: 'target-denied',
};

/** One entry's fault, and not the target's as a whole: what the target's file system cannot take. */
const refusals = new Set([
  'EILSEQ',
  'EINVAL',
  'EISDIR',
  'EMLINK',
  'ENAMETOOLONG',
  'ENOTDIR',
  'EPERM',
]);

/** The system's code where an error means that this one entry cannot be made; undefined otherwise. */
export function refusalCode(error: unknown): string | undefined {
  const code = errorCode(error);
  return code !== undefined && refusals.has(code) ? code : undefined;
}

/**
 * Does work that writes below `target`. What the system refused there becomes `target-full`,
 * `target-denied` or `target-failed`; all else is thrown as it is.
 */
export async function onTarget<Result>(
  target: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const system = errorCode(error) ?? 'unknown';
    throw new HoldfastError(
      codes[system] ?? 'target-failed',
      `${target}: ${String(error.syscall)} failed with ${system}`,
      { cause: error },
    );
  }
}
