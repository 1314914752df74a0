import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createZstdDecompress, zstdDecompress } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { coalesce } from './coalesce.ts';
import { defaultConcurrency, InFlight } from './in-flight.ts';
import { release } from './release.ts';
import type { Transform } from './transform.ts';
import { damaged, splitFrames, type Frame } from './zstd-frames.ts';

const unzstd = promisify(
  (frame: Uint8Array, contentBytes: number, done: (error: Error | null, content: Buffer) => void) =>
    // Room for a little more than there is, so that one call of the decoder does it all.
    zstdDecompress(
      frame,
      { chunkSize: contentBytes + 64, maxOutputLength: Math.max(contentBytes, 1) },
      done,
    ),
);

/** Frames up to this content size are decompressed whole, several at once; ours have 1 MiB. */
const maxWholeFrameBytes = 2 * 1024 * 1024;
const feedBytes = 128 * 1024;

export interface DecompressOptions {
  /** Frames in flight on the thread pool. */
  readonly concurrency?: number;
}

/**
 * Any Zstandard stream (RFC 8878): ours, in frames of a MiB, or one large frame as the `zstd` tool
 * writes it, with a window of up to 128 MiB. Input that is cut, or has anything but frames in it, is
 * `compressed-damaged`. Holds `concurrency` frames and their contents, or one window.
 */
export function decompress(options: DecompressOptions = {}): Transform {
  const { concurrency = defaultConcurrency } = options;
  return async function* (source, context = {}) {
    await using reader = new ByteReader(source);
    await using contents = new InFlight<Uint8Array>(concurrency);
    for await (const frame of splitFrames(reader)) {
      context.signal?.throwIfAborted();
      const size = frame.contentSizeBytes;
      if (size !== undefined && size <= maxWholeFrameBytes) {
        contents.start(decompressWhole(await collect(frame, size), size));
        if (contents.full) yield await contents.next();
      } else {
        yield* contents.rest();
        yield* decompressPiecewise(frame);
      }
    }
    yield* contents.rest();
  };
}

async function collect(frame: Frame, contentBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  // Even a block for each byte of content (3 bytes of header, 1 of content) stays under this.
  const maxBytes = 4 * contentBytes + 1024;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of frame.pieces) {
    length += piece.length;
    if (length > maxBytes) throw damaged('has a frame longer than its content can need');
    pieces.push(piece);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

async function decompressWhole(
  frame: Uint8Array<ArrayBuffer>,
  contentBytes: number,
): Promise<Uint8Array> {
  try {
    return await unzstd(frame, contentBytes);
  } catch (error) {
    throw damaged('does not decompress', error);
  } finally {
    release(frame);
  }
}

async function* decompressPiecewise(frame: Frame): AsyncGenerator<Uint8Array, void> {
  const decoder = createZstdDecompress({ chunkSize: feedBytes });
  const feeding = pipeline(Readable.from(coalesce(feedBytes)(frame.pieces)), decoder);
  feeding.catch(() => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
    await feeding;
  } catch (error) {
    throw isZlibError(error) ? damaged('does not decompress', error) : error;
  } finally {
    await Promise.allSettled([feeding]);
  }
}

/** Told apart from an error of the source, which comes through the same pipeline. */
function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ZSTD_') || code.startsWith('Z_');
}
