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
  /** Of those, the last ones tell the content's size; none where it is not told. */
  readonly contentSizeBytes: number;
  readonly hasChecksum: boolean;
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
    contentSizeBytes,
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

/** Section 3.1.1.1.4: the field's value; one of two bytes starts at 256. Undefined without the field. */
export function parseContentSize(field: Uint8Array): number | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  switch (field.length) {
    case 1:
      return view.getUint8(0);
    case 2:
      return view.getUint16(0, true) + 256;
    case 4:
      return view.getUint32(0, true);
    case 8:
      return Number(view.getBigUint64(0, true));
    default:
      return undefined;
  }
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
