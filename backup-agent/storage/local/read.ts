import { closeSync, constants, fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { blockBytes } from '../../stream/coalesce.ts';
import { donate } from '../../stream/donated.ts';
import { release, takeBlock } from '../../stream/release.ts';
import type { GetOptions } from '../storage.ts';
import type { FileCalls } from './file-calls.ts';
import { isAbsence, isSystemError } from './file-errors.ts';

/** A file up to here is read at once. */
const smallFileBytes = 256 * 1024;
/** No link is followed, and a pipe in a file's place does not make the open wait. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The file's bytes, or those of the range, in blocks that are the receiver's own. One is read ahead.
 * The file is open only while it is being read.
 */
export async function* readFile(
  path: string,
  { range, signal }: GetOptions,
): AsyncGenerator<Uint8Array> {
  let position = range?.start ?? 0;
  const end = range?.end ?? Infinity;
  if (end <= position) return;
  signal?.throwIfAborted();
  // It waits for a read under way before it closes.
  await using handle = await open(path, readFlags);
  for (let next = readBlock(handle, position, end); ;) {
    const block = await next;
    signal?.throwIfAborted();
    if (block.length === 0) {
      release(block);
      return;
    }
    position += block.length;
    next = readBlock(handle, position, end);
    // Whoever leaves early does not ask what became of it.
    next.catch(() => undefined);
    yield donate(block);
  }
}

/** What there is at `position`, a block at most; nothing at the end. */
async function readBlock(
  handle: FileHandle,
  position: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = Math.min(blockBytes, end - position);
  const block = wanted === blockBytes ? takeBlock(wanted) : Buffer.allocUnsafeSlow(wanted);
  const { bytesRead } = await handle.read(block, 0, wanted, position);
  return block.subarray(0, bytesRead);
}

/**
 * A small regular file, without the cost of a stream or of a file handle, which is most of what a
 * document costs: a history is thousands of them. `large` for one that is larger, undefined where
 * there is no regular file. Only opening and reading wait for the disk: what an open file is, the
 * system knows without it.
 */
export async function readSmallFile(
  path: string,
  calls: FileCalls,
): Promise<Uint8Array | 'large' | undefined> {
  const descriptor = await openIfThere(path, calls);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return undefined;
    const { size } = stats;
    if (size > smallFileBytes) return 'large';
    const buffer = Buffer.allocUnsafe(size);
    return buffer.subarray(0, await calls.read(descriptor, buffer));
  } finally {
    closeSync(descriptor);
  }
}

async function openIfThere(path: string, calls: FileCalls): Promise<number | undefined> {
  try {
    return await calls.open(path, readFlags);
  } catch (error) {
    // ENXIO is open(2)'s answer for a socket.
    if (isAbsence(error) || isSystemError(error, 'ENXIO')) return undefined;
    throw error;
  }
}
