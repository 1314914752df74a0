import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { GetOptions } from '../storage.ts';
import { isAbsence, isSystemError } from './file-errors.ts';

const readChunkBytes = 256 * 1024;
/** No link is followed, and a pipe in a file's place does not make the open wait. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The file's bytes, or those of the range. The file is open only while it is being read. */
export async function* readFile(
  path: string,
  { range, signal }: GetOptions,
): AsyncGenerator<Uint8Array> {
  const start = range?.start ?? 0;
  const end = range?.end;
  if (end !== undefined && end <= start) return;
  signal?.throwIfAborted();
  // A stream that ran to its end has closed it already; closing twice does no harm.
  await using handle = await open(path, readFlags);
  yield* handle.createReadStream({
    start,
    ...(end === undefined ? {} : { end: end - 1 }),
    highWaterMark: readChunkBytes,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * A regular file of one chunk at most, without the cost of a stream and in as few calls to the system
 * as there can be; `large` for one that is larger, undefined where there is no regular file.
 */
export async function readSmallFile(path: string): Promise<Uint8Array | 'large' | undefined> {
  await using handle = await openIfThere(path);
  const stats = await handle?.stat();
  if (handle === undefined || stats?.isFile() !== true) return undefined;
  const { size } = stats;
  if (size > readChunkBytes) return 'large';
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, readFlags);
  } catch (error) {
    // ENXIO is open(2)'s answer for a socket.
    if (isAbsence(error) || isSystemError(error, 'ENXIO')) return undefined;
    throw error;
  }
}
