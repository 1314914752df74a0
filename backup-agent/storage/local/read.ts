import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { GetOptions } from '../storage.ts';

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
  const whole = range === undefined ? await readSmallFile(handle) : undefined;
  if (whole) {
    yield whole;
    return;
  }
  yield* handle.createReadStream({
    start,
    ...(end === undefined ? {} : { end: end - 1 }),
    highWaterMark: readChunkBytes,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A file of one chunk at most, without the cost of a stream; undefined for a larger one. */
async function readSmallFile(handle: FileHandle): Promise<Uint8Array | undefined> {
  const { size } = await handle.stat();
  if (size > readChunkBytes) return undefined;
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}
