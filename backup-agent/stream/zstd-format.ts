/** Zstandard frame headers, RFC 8878 section 3.1.1. All numbers are little-endian. */

export const magicBytes = 4;
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

const contentSizeFieldBytes = [0, 2, 4, 8] as const;
const dictionaryFieldBytes = [0, 1, 2, 4] as const;

export type FrameKind = 'data' | 'skippable';

export function frameKind(magic: Uint8Array): FrameKind | undefined {
  const value = new DataView(magic.buffer, magic.byteOffset, magicBytes).getUint32(0, true);
  if (value === frameMagic) return 'data';
  return (value & 0xfffffff0) >>> 0 === skippableMagic ? 'skippable' : undefined;
}

export interface FrameDescriptor {
  /** Bytes of the header that follow the descriptor. */
  readonly headerRestBytes: number;
  readonly hasChecksum: boolean;
  readonly contentSizeBytes: number;
  readonly singleSegment: boolean;
}

/** Section 3.1.1.1.1: the byte behind the magic number, which says what fields follow. */
export function parseDescriptor(descriptor: number): FrameDescriptor {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSizeBytes =
    sizeFlag === 0 && singleSegment ? 1 : (contentSizeFieldBytes[sizeFlag] ?? 0);
  const dictionaryBytes = dictionaryFieldBytes[descriptor & 0x03] ?? 0;
  return {
    headerRestBytes: (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes,
    hasChecksum: (descriptor & 0x04) !== 0,
    contentSizeBytes,
    singleSegment,
  };
}

/** The content's size as the header's last field says, or undefined where it says nothing. */
export function contentSize(
  descriptor: FrameDescriptor,
  headerRest: Uint8Array,
): number | undefined {
  const { contentSizeBytes } = descriptor;
  if (contentSizeBytes === 0) return undefined;
  const field = Buffer.from(headerRest.subarray(headerRest.length - contentSizeBytes));
  if (contentSizeBytes === 8) return Number(field.readBigUInt64LE());
  const value = field.readUIntLE(0, contentSizeBytes);
  return contentSizeBytes === 2 ? value + 256 : value;
}

export interface BlockHeader {
  readonly last: boolean;
  /** Bytes that the block takes in the stream: one for a run of the same byte. */
  readonly storedBytes: number;
}

/** Section 3.1.1.2; undefined for the reserved block type. */
export function parseBlockHeader(header: Uint8Array): BlockHeader | undefined {
  const value = Buffer.from(header).readUIntLE(0, 3);
  const type = (value >> 1) & 0x03;
  if (type === 3) return undefined;
  return { last: (value & 1) === 1, storedBytes: type === 1 ? 1 : value >> 3 };
}
