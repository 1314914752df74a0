import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { ownBlocks } from './coalesce.ts';
import { defaultConcurrency, InFlight } from './in-flight.ts';
import { release } from './release.ts';
import type { Transform } from './transform.ts';

const defaultLevel = 3;

/**
 * Room for a compressed block in one piece: node:zlib starts with 16 KiB, and each further piece is
 * one more trip to the thread pool and back.
 */
const frameRoomBytes = 512 * 1024;

const zstd = promisify(
  (
    block: Uint8Array,
    params: Record<number, number>,
    done: (error: Error | null, frame: Buffer<ArrayBuffer>) => void,
  ) => {
    // Without this, the header would not tell the content's size.
    const pledgedSrcSize = block.length;
    zstdCompress(block, { params, pledgedSrcSize, chunkSize: frameRoomBytes }, done);
  },
);

/**
 * Tables that fit the cache of a core together with the block. Level 3 would take four times as much,
 * which costs a quarter of the speed and saves nothing on COPY text (bench/stream.ts: 150 became 200
 * MB/s a core, at 0.6 % less size); text of programs becomes 3 % larger. Frames of a MiB leave little
 * for larger tables to find.
 */
const smallTables = { [constants.ZSTD_c_hashLog]: 15, [constants.ZSTD_c_chainLog]: 14 };

export interface CompressOptions {
  /** zstd's level, 1 to 19; 3 unless told. */
  readonly level?: number;
  /** Blocks in flight on the thread pool. */
  readonly concurrency?: number;
}

/**
 * Zstandard (RFC 8878) as a sequence of frames, one for each MiB of input: frames are independent,
 * so they compress on all cores, and any zstd reads them as one stream. An empty input becomes one
 * empty frame, for a stream of no frames is not valid zstd. Holds `concurrency` blocks.
 *
 * `ZSTD_c_nbWorkers`, the library's own way to several cores, is not used: its threads are outside
 * the thread pool, and nothing bounds them over all streams of the process.
 */
export function compress(options: CompressOptions = {}): Transform {
  const { level = defaultLevel, concurrency = defaultConcurrency } = options;
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    ...(level === defaultLevel ? smallTables : {}),
  };
  return async function* (source, context = {}) {
    await using frames = new InFlight<Uint8Array>(concurrency);
    let empty = true;
    for await (const block of ownBlocks(source)) {
      context.signal?.throwIfAborted();
      empty = false;
      frames.start(compressBlock(block, params));
      if (frames.full) yield await frames.next();
    }
    if (empty) frames.start(compressBlock(new Uint8Array(), params));
    yield* frames.rest();
  };
}

/**
 * A frame in memory of its own size, for node's result is a slice of all the room it was given. The
 * block's memory is given back.
 */
async function compressBlock(
  block: Uint8Array<ArrayBuffer>,
  params: Record<number, number>,
): Promise<Uint8Array> {
  const roomy = await zstd(block, params).finally(() => release(block));
  if (roomy.buffer.byteLength < frameRoomBytes) return roomy;
  const frame = Buffer.allocUnsafeSlow(roomy.length);
  frame.set(roomy);
  release(roomy);
  return frame;
}
