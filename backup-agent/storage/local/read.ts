import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
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
  const handle = await open(path, readFlags);
  yield* handle.createReadStream({
    start,
    ...(end === undefined ? {} : { end: end - 1 }),
    highWaterMark: readChunkBytes,
    ...(signal === undefined ? {} : { signal }),
  });
}
