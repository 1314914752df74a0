/** The system's code (`ENOENT`), where the error has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Whether the entry, or a directory above it, is not there any more. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

const texts: Readonly<Record<string, string>> = {
  ENOENT: 'vanished before it was read',
  ENOTDIR: 'vanished before it was read',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: operation not permitted',
  EIO: 'cannot be read: input/output error',
  ESTALE: 'became another kind of entry before it was read',
  ELOOP: 'became a symbolic link while it was read',
};

/** What a failed read of an entry means, for the list of problems. */
export function errorText(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return texts[code] ?? `cannot be read: ${code}`;
}
