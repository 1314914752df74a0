import { constants, createZstdCompress } from 'node:zlib';
import { blockBytes, ownBlocks } from './coalesce.ts';
import { donate } from './donated.ts';
import { FrameCoders, pieceBytes } from './frame-coder.ts';
import { defaultConcurrency, InFlight } from './in-flight.ts';
import { release, takeBlock } from './release.ts';
import { storeFrame } from './stored-frame.ts';
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
 * In rows a match shorter than six bytes mostly hides a longer one, and one table of matches finds what
 * two do: 160 to 440 MB/s a core, where level 3 makes 110 to 255, and a size between 1 % less and 11 %
 * more than level 3's. Other text would become up to 6 % larger.
 */
const tables = {
  anything: { [constants.ZSTD_c_hashLog]: 15, [constants.ZSTD_c_chainLog]: 14 },
  rows: {
    [constants.ZSTD_c_strategy]: constants.ZSTD_fast,
    [constants.ZSTD_c_hashLog]: 15,
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
 * empty frame, for a stream of no frames is not valid zstd. What does not compress, such as
 * photographs, is stored in its frames as it is. Holds `cores` blocks.
 *
 * `ZSTD_c_nbWorkers`, the library's own way to several cores, is not used: its threads are outside
 * the thread pool, and nothing bounds them over all streams of the process.
 */
export function compress(options: CompressOptions = {}): Transform {
  const { level = defaultLevel, content = 'anything', cores = defaultConcurrency } = options;
  const encoders = encodersFor(level, content);
  return async function* (source, context = {}) {
    await using frames = new InFlight<Uint8Array>(cores);
    const compressor = new BlockCompressor(encoders);
    let empty = true;
    for await (const block of ownBlocks(source)) {
      context.signal?.throwIfAborted();
      empty = false;
      frames.start(compressor.compress(block));
      if (frames.full) yield await frames.next();
    }
    if (empty) frames.start(compressor.compress(new Uint8Array()));
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

/** What a block must become smaller by to be worth it: a sixty-fourth. */
const worthwhileShift = 6;

/** A block that may be dense is judged by pieces of it, so many bytes together. */
const sampleBytes = 64 * 1024;
const samplePieces = 8;
const sampleRoomBytes = sampleBytes + (sampleBytes >> 8) + 64;

/** Makes the blocks of one stream into frames. */
class BlockCompressor {
  readonly #encoders: FrameCoders;
  /** The last block did not become smaller. What follows is mostly of the same kind. */
  #dense = false;

  constructor(encoders: FrameCoders) {
    this.#encoders = encoders;
  }

  /**
   * A frame, which is its receiver's own. The block's memory is given back. Behind a block that did
   * not become smaller, the next ones are tried by samples, which cost a sixteenth.
   */
  async compress(block: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    try {
      if (this.#dense && block.length === blockBytes && !(await this.#shrinks(block)))
        return donate(storeFrame(block, takeBlock(frameRoomBytes)));
      const frame = await this.#run(block, takeBlock(frameRoomBytes));
      this.#dense = !isSmaller(frame, block);
      return donate(frame);
    } finally {
      release(block);
    }
  }

  async #shrinks(block: Uint8Array): Promise<boolean> {
    const sample = takeBlock(sampleBytes);
    const room = takeBlock(sampleRoomBytes);
    const pieceBytes = sampleBytes / samplePieces;
    const stride = (block.length - pieceBytes) / (samplePieces - 1);
    for (let piece = 0; piece < samplePieces; piece++) {
      const from = Math.floor(piece * stride);
      sample.set(block.subarray(from, from + pieceBytes), piece * pieceBytes);
    }
    const frame = await this.#run(sample, room);
    const shrinks = isSmaller(frame, sample);
    release(sample);
    release(room);
    return shrinks;
  }

  async #run(content: Uint8Array, room: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const frame = await this.#encoders.run(content, room);
    if (frame === undefined) throw new Error('zstd passed its own bound of a frame');
    return frame;
  }
}

function isSmaller(frame: Uint8Array, content: Uint8Array): boolean {
  return frame.length < content.length - (content.length >> worthwhileShift);
}
