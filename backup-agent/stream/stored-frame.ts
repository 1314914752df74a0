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
  let at = headerBytes;
  for (let taken = 0; taken < content.length; taken += largestBlockBytes) {
    const block = content.subarray(taken, taken + largestBlockBytes);
    const last = taken + largestBlockBytes >= content.length ? 1 : 0;
    frame.writeUIntLE((block.length << 3) | last, at, blockHeaderBytes);
    frame.set(block, at + blockHeaderBytes);
    at += blockHeaderBytes + block.length;
  }
  return frame;
}

/**
 * Copies the content of a whole frame that `storeFrame` has made into `room`, and says whether it is
 * such a frame, whose content fills the room.
 */
export function takeStoredContent(frame: Uint8Array, room: Uint8Array): boolean {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  if (bytes[magicBytes] !== descriptor || bytes.length !== storedFrameBytes(room.length))
    return false;
  let used = 0;
  for (let at = headerBytes; at < bytes.length;) {
    const header = bytes.readUIntLE(at, blockHeaderBytes);
    const isRaw = ((header >> 1) & 3) === 0;
    const size = header >> 3;
    at += blockHeaderBytes;
    if (!isRaw || size > largestBlockBytes || size > bytes.length - at || size > room.length - used)
      return false;
    room.set(bytes.subarray(at, at + size), used);
    used += size;
    at += size;
    const isLast = (header & 1) === 1;
    if (isLast !== (at === bytes.length)) return false;
  }
  return used === room.length;
}
