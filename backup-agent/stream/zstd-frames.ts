import { HoldfastError } from '../errors/holdfast-error.ts';
import type { ByteReader } from './byte-reader.ts';
import {
  frameKind,
  magicBytes,
  parseBlockHeader,
  parseContentSize,
  parseDescriptor,
} from './zstd-format.ts';

const checksumBytes = 4;

export interface Frame {
  /** How much the frame says to hold; undefined where it does not say. */
  readonly contentBytes: number | undefined;
  /** In pieces of at most a block (128 KiB). */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Cuts a Zstandard stream into its frames by their structure alone, without decompressing: what is
 * no frame, and a frame without its end, is `compressed-damaged`. Skippable frames are skipped. All
 * of a frame must be taken before the next one is asked for.
 *
 * node:zlib would stop silently at whatever follows a frame and is not one.
 */
export async function* splitFrames(reader: ByteReader): AsyncGenerator<Frame, void> {
  if (await reader.ended()) throw damaged('is empty, not even an empty frame');
  while (!(await reader.ended())) {
    const magic = Buffer.from(await exactly(reader, magicBytes));
    const kind = frameKind(magic);
    if (kind === undefined) throw damaged('has something between or behind its frames');
    if (kind === 'skippable') await skip(reader);
    else yield await openFrame(reader, magic);
  }
}

async function openFrame(reader: ByteReader, magic: Uint8Array): Promise<Frame> {
  const descriptorByte = Buffer.from(await exactly(reader, 1));
  const descriptor = parseDescriptor(descriptorByte[0] ?? 0);
  const rest = await exactly(reader, descriptor.headerRestBytes);
  const header = Buffer.concat([magic, descriptorByte, rest]);
  return {
    contentBytes: parseContentSize(rest.subarray(rest.length - descriptor.contentSizeBytes)),
    pieces: framePieces(reader, header, descriptor.hasChecksum),
  };
}

async function* framePieces(
  reader: ByteReader,
  header: Uint8Array,
  hasChecksum: boolean,
): AsyncGenerator<Uint8Array, void> {
  yield header;
  for (;;) {
    const blockHeader = await exactly(reader, 3);
    const block = parseBlockHeader(blockHeader);
    if (block === undefined) throw damaged('has a block of a reserved type');
    yield blockHeader;
    yield* stored(reader, block.storedBytes);
    if (block.last) break;
  }
  if (hasChecksum) yield await exactly(reader, checksumBytes);
}

async function skip(reader: ByteReader): Promise<void> {
  const size = Buffer.from(await exactly(reader, 4)).readUInt32LE(0);
  const step = 64 * 1024;
  for (let left = size; left > 0; left -= step) await exactly(reader, Math.min(left, step));
}

async function* stored(reader: ByteReader, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let left = sizeBytes; left > 0;) {
    const piece = await reader.readSome(left);
    if (piece.length === 0) throw damaged('was cut');
    left -= piece.length;
    yield piece;
  }
}

async function exactly(reader: ByteReader, sizeBytes: number): Promise<Uint8Array> {
  const bytes = await reader.read(sizeBytes);
  if (bytes.length < sizeBytes) throw damaged('was cut');
  return bytes;
}

export function damaged(how: string, cause?: unknown): HoldfastError {
  return new HoldfastError('compressed-damaged', `the compressed stream ${how}`, { cause });
}
