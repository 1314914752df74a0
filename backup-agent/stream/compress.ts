import { constants, createZstdCompress } from 'node:zlib';
import { blockBytes, ownBlocks } from './coalesce.ts';
import { donate } from './donated.ts';
import { FrameCoders, pieceBytes } from './frame-coder.ts';
import { defaultConcurrency, InFlight } from './in-flight.ts';
import { release, takeBlock } from './release.ts';
import type { Transform } from './transform.ts';

const defaultLevel = 3;

/** Room for whatever a block may become: ZSTD_compressBound of zstd.h, and more. */
const frameRoomBytes = blockBytes + (blockBytes >> 8) + 64;

/** What a stream holds. `rows` are lines of tables, as COPY writes them. */
export type Content = 'rows' | 'anything';

/**
 * Tables that fit the cache of a core together with the block. Level 3 would take four times as much:
 * it makes 120 MB/s a core of COPY text, these 170 at 0.7 % less size; prose and programs become 3 to
 * 4 % larger. Frames of a MiB leave little for larger tables to find.
 *
 * In rows a match shorter than six bytes mostly hides a longer one: tables of half the size again, and
 * only longer matches, make 220 MB/s of the same size. Other text would become 6 % larger.
 */
const tables = {
  anything: { [constants.ZSTD_c_hashLog]: 15, [constants.ZSTD_c_chainLog]: 14 },
  rows: {
    [constants.ZSTD_c_hashLog]: 14,
    [constants.ZSTD_c_chainLog]: 13,
    [constants.ZSTD_c_minMatch]: 6,
  },
};

export interface CompressOptions {
  /** zstd's level, 1 to 19; 3 unless told. */
  readonly level?: number;
  /** Anything unless told; it matters to the default level. */
  readonly content?: Content;
  /** Blocks in flight on the thread pool, which has four threads. */
  readonly cores?: number | undefined;
}

/**
 * Zstandard (RFC 8878) as a sequence of frames, one for each MiB of input: frames are independent,
 * so they compress on all cores, and any zstd reads them as one stream. An empty input becomes one
 * empty frame, for a stream of no frames is not valid zstd. Holds `cores` blocks.
 *
 * `ZSTD_c_nbWorkers`, the library's own way to several cores, is not used: its threads are outside
 * the thread pool, and nothing bounds them over all streams of the process.
 */
export function compress(options: CompressOptions = {}): Transform {
  const { level = defaultLevel, content = 'anything', cores = defaultConcurrency } = options;
  const encoders = encodersFor(level, content);
  return async function* (source, context = {}) {
    await using frames = new InFlight<Uint8Array>(cores);
    let empty = true;
    for await (const block of ownBlocks(source)) {
      context.signal?.throwIfAborted();
      empty = false;
      frames.start(compressBlock(block, encoders));
      if (frames.full) yield await frames.next();
    }
    if (empty) frames.start(compressBlock(new Uint8Array(), encoders));
    yield* frames.rest();
  };
}

/** Encoders of each kind that was ever asked for: a next stream finds them as the last one left them. */
const encoders = new Map<string, FrameCoders>();

function encodersFor(level: number, content: Content): FrameCoders {
  const kind = level === defaultLevel ? content : String(level);
  let found = encoders.get(kind);
  if (found === undefined) {
    const params = {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      ...(level === defaultLevel ? tables[content] : {}),
    };
    // What is written at once ends a frame; zstd knows its size by that, and tells it in the header.
    const flush = constants.ZSTD_e_end;
    found = new FrameCoders(() => createZstdCompress({ params, flush, chunkSize: pieceBytes }));
    encoders.set(kind, found);
  }
  return found;
}

/** A frame, which is its receiver's own. The block's memory is given back. */
async function compressBlock(
  block: Uint8Array<ArrayBuffer>,
  encoders: FrameCoders,
): Promise<Uint8Array> {
  const frame = await encoders.run(block, takeBlock(frameRoomBytes)).finally(() => release(block));
  if (frame === undefined) throw new Error('zstd passed its own bound of a frame');
  return donate(frame);
}
