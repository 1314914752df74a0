import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { blockBytes, coalesce } from './coalesce.ts';
import { donate } from './donated.ts';
import { FrameCoders, pieceBytes } from './frame-coder.ts';
import { defaultConcurrency, InFlight } from './in-flight.ts';
import { release, takeBlock } from './release.ts';
import { takeStoredContent } from './stored-frame.ts';
import type { Transform } from './transform.ts';
import { damaged, splitFrames, type Frame } from './zstd-frames.ts';

/** Each piece given to the decoder, and each it gives back, is a trip to the thread pool. */
const feedBytes = 128 * 1024;

const decoders = new FrameCoders(() => createZstdDecompress({ chunkSize: pieceBytes }));

/**
 * Any Zstandard stream (RFC 8878): ours, in frames of a MiB, or one large frame as the `zstd` tool
 * writes it, with a window of up to 128 MiB. Input that is cut, or has anything but frames in it, is
 * `compressed-damaged`. Holds a few frames of up to a MiB, which are decompressed on all cores, or
 * one window.
 */
export function decompress(): Transform {
  return async function* (source) {
    await using reader = new ByteReader(source);
    await using contents = new InFlight<Uint8Array>(defaultConcurrency);
    for await (const frame of splitFrames(reader)) {
      const { contentBytes = Infinity } = frame;
      const most = contentBytes > blockBytes ? 0 : mostFrameBytes(contentBytes);
      const { whole, pieces } = await gather(frame, most);
      if (whole) contents.start(decompressFrame(whole, contentBytes));
      else {
        yield* contents.rest();
        yield* decompressPieces(pieces);
      }
      if (contents.full) yield await contents.next();
    }
    yield* contents.rest();
  };
}

/** What cannot be compressed takes a little more than its size; a frame that takes still more lies. */
function mostFrameBytes(contentBytes: number): number {
  return contentBytes + (contentBytes >> 7) + 512;
}

const fullFrameBytes = mostFrameBytes(blockBytes);

type Gathered =
  | { readonly whole: Uint8Array<ArrayBuffer>; readonly pieces?: undefined }
  | { readonly whole?: undefined; readonly pieces: AsyncIterable<Uint8Array> };

/** The frame in one piece of its own, unless it is longer than `maxBytes`. */
async function gather({ pieces }: Frame, maxBytes: number): Promise<Gathered> {
  if (maxBytes === 0) return { pieces };
  const iterator = pieces[Symbol.asyncIterator]();
  const held =
    maxBytes < fullFrameBytes ? Buffer.allocUnsafeSlow(maxBytes) : takeBlock(fullFrameBytes);
  let length = 0;
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
    const piece = step.value;
    if (length + piece.length > maxBytes)
      return { pieces: continued([held.subarray(0, length), piece], iterator) };
    held.set(piece, length);
    length += piece.length;
  }
  return { whole: held.subarray(0, length) };
}

async function* continued(
  held: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* held;
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) yield step.value;
}

/** The content, which is its receiver's own. The frame's memory is given back. */
async function decompressFrame(
  frame: Uint8Array<ArrayBuffer>,
  contentBytes: number,
): Promise<Uint8Array> {
  const room =
    contentBytes === blockBytes ? takeBlock(blockBytes) : Buffer.allocUnsafeSlow(contentBytes);
  try {
    if (takeStoredContent(frame, room)) return donate(room);
    const content = await decoders.run(frame, room);
    if (content?.length !== contentBytes) throw damaged('holds more or less than it says');
    return donate(content);
  } catch (error) {
    throw explain(error);
  } finally {
    release(frame);
  }
}

async function* decompressPieces(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const decoder = createZstdDecompress({ chunkSize: pieceBytes });
  const input = Readable.from(coalesce(feedBytes)(pieces), { highWaterMark: 1 });
  const feeding = pipeline(input, decoder);
  feeding.catch(() => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
    await feeding;
  } catch (error) {
    throw explain(error);
  } finally {
    await Promise.allSettled([feeding]);
  }
}

/** An error of the decoder, told apart from one of the source, which comes through the same pipeline. */
function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const decoder = /^(ZSTD_|Z_|ERR_BUFFER_TOO_LARGE$)/.test(code);
  return decoder ? damaged('does not decompress', error) : error;
}
