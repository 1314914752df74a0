import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { coalesce } from './coalesce.ts';
import type { ByteSource, Transform } from './transform.ts';
import { damaged, splitFrames } from './zstd-frames.ts';

/** Each piece given to the decoder, and each it gives back, is a trip to the thread pool. */
const feedBytes = 128 * 1024;
const roomBytes = 256 * 1024;

/**
 * Any Zstandard stream (RFC 8878): ours, in frames of a MiB, or one large frame as the `zstd` tool
 * writes it, with a window of up to 128 MiB. Input that is cut, or has anything but frames in it, is
 * `compressed-damaged`. Holds one window and a few pieces.
 *
 * One decoder reads all frames: a call of its own for each of them took a quarter more of the
 * processor's time, measured by bench/stream.ts.
 */
export function decompress(): Transform {
  return async function* (source) {
    const decoder = createZstdDecompress({ chunkSize: roomBytes });
    const input = Readable.from(coalesce(feedBytes)(wholeFrames(source)), { highWaterMark: 1 });
    const feeding = pipeline(input, decoder);
    feeding.catch(() => undefined);
    try {
      yield* decoder as AsyncIterable<Uint8Array>;
      await feeding;
    } catch (error) {
      throw isZlibError(error) ? damaged('does not decompress', error) : error;
    } finally {
      await Promise.allSettled([feeding]);
    }
  };
}

/** The stream without its skippable frames; what the decoder would silently stop at is an error. */
async function* wholeFrames(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  await using reader = new ByteReader(source);
  for await (const frame of splitFrames(reader)) yield* frame;
}

/** Told apart from an error of the source, which comes through the same pipeline. */
function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ZSTD_') || code.startsWith('Z_');
}
