import { closeSync, constants, fstatSync, open as openFile, read } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
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

const openDescriptor = promisify(openFile);
const readInto = promisify(read);

/**
 * A regular file of one chunk at most, without the cost of a stream or of a file handle, which is most of
 * what a document costs: a history is thousands of them. `large` for one that is larger, undefined
 * where there is no regular file.
 * What an open file is, the system knows without a look at the disk, so those calls do not wait.
 */
export async function readSmallFile(path: string): Promise<Uint8Array | 'large' | undefined> {
  const descriptor = await openIfThere(path);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return undefined;
    const { size } = stats;
    if (size > readChunkBytes) return 'large';
    const { buffer, bytesRead } = await readInto(descriptor, Buffer.allocUnsafe(size), 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    closeSync(descriptor);
  }
}

async function openIfThere(path: string): Promise<number | undefined> {
  try {
    return await openDescriptor(path, readFlags);
  } catch (error) {
    // ENXIO is open(2)'s answer for a socket.
    if (isAbsence(error) || isSystemError(error, 'ENXIO')) return undefined;
    throw error;
  }
}
