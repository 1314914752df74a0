import { magicBytes } from './zstd-format.ts';

/** RFC 8878, sections 3.1.1 and 3.1.1.2. */
const magic = 0xfd2fb528;
/** A single segment, four bytes for the content's size, no checksum. */
const descriptor = 0xa0;
const contentSizeBytes = 4;
const headerBytes = magicBytes + 1 + contentSizeBytes;
const blockHeaderBytes = 3;
const largestBlockBytes = 128 * 1024;

/** How much a frame takes that stores so many bytes, more than none, as they are. */
export function storedFrameBytes(sizeBytes: number): number {
  return headerBytes + Math.ceil(sizeBytes / largestBlockBytes) * blockHeaderBytes + sizeBytes;
}

interface RawBlock {
  readonly header: number;
  /** Of its content, in the frame and in all of the content. */
  readonly at: number;
  readonly from: number;
  readonly sizeBytes: number;
}

/** The blocks of a frame that stores so many bytes. */
function* rawBlocks(contentBytes: number): Generator<RawBlock> {
  let at = headerBytes;
  for (let from = 0; from < contentBytes; from += largestBlockBytes) {
    const sizeBytes = Math.min(largestBlockBytes, contentBytes - from);
    const last = from + sizeBytes === contentBytes ? 1 : 0;
    at += blockHeaderBytes;
    yield { header: (sizeBytes << 3) | last, at, from, sizeBytes };
    at += sizeBytes;
  }
}

/**
 * A Zstandard frame that stores `content`, which is not empty, as it is, in `room`. It has no checksum,
 * for what our streams are stored in authenticates each byte.
 */
export function storeFrame(
  content: Uint8Array,
  room: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const frame = Buffer.from(room.buffer, room.byteOffset, storedFrameBytes(content.length));
  frame.writeUInt32LE(magic, 0);
  frame.writeUInt8(descriptor, magicBytes);
  frame.writeUInt32LE(content.length, magicBytes + 1);
  for (const { header, at, from, sizeBytes } of rawBlocks(content.length)) {
    frame.writeUIntLE(header, at - blockHeaderBytes, blockHeaderBytes);
    frame.set(content.subarray(from, from + sizeBytes), at);
  }
  return frame;
}

/**
 * Copies the content of a whole frame into `room`, if the frame is just as `storeFrame` makes one of so
 * much content; says whether it is.
 */
export function takeStoredContent(frame: Uint8Array, room: Uint8Array): boolean {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  if (bytes[magicBytes] !== descriptor || bytes.length !== storedFrameBytes(room.length))
    return false;
  for (const { header, at, from, sizeBytes } of rawBlocks(room.length)) {
    if (bytes.readUIntLE(at - blockHeaderBytes, blockHeaderBytes) !== header) return false;
    room.set(bytes.subarray(at, at + sizeBytes), from);
  }
  return true;
}
