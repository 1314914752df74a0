import type { Extent } from './entry.ts';

/** Bytes of a digest that are kept: two contents of a repository never share so many by chance. */
const digestBytes = 16;
/** Digest, backup (32 bit), segment (32 bit), offset and length (64 bit floats). */
const rowBytes = digestBytes + 4 + 4 + 8 + 8;
/** Rows come in pages: a table that doubled would need one and a half times its memory meanwhile. */
const rowsPerPage = 8192;
const firstSlots = 2 * rowsPerPage;

/**
 * Content that the chain already holds, by its digest. A hash table with open addressing in plain
 * bytes, about 60 a content: a map of objects would take five times that for a million files.
 */
export class StoredContent {
  readonly #backups: string[] = [];
  /** Of each large size the beginnings of its contents, or that some are not known. */
  readonly #largeBeginnings = new Map<number, Set<number> | 'unknown'>();
  readonly #largeFrom: number;
  /** There are few, for each part is of a segment's size. */
  readonly #inParts = new Map<string, readonly Extent[]>();
  readonly #pages: Buffer[] = [];
  #count = 0;
  /** Row numbers, one more than they are, by the digests' first bytes; zero is free. */
  #slots = new Uint32Array(firstSlots);

  /** Sizes are remembered from `largeFrom` bytes on. */
  constructor(largeFrom: number) {
    this.#largeFrom = largeFrom;
  }

  /** `beginning`: a sum over the first bytes of a large content, where they are known. */
  add(digest: string, extents: readonly Extent[], beginning?: number): void {
    const [extent, ...others] = extents;
    if (!extent) return;
    if (others.length > 0) {
      this.#addInParts(digest, extents, beginning);
      return;
    }
    const key = keyOf(digest);
    const slot = this.#slotOf(key);
    if (this.#slots[slot] !== 0) return;
    this.#write(key, extent);
    this.#slots[slot] = this.#count;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    if (extent.length >= this.#largeFrom) this.#rememberLarge(extent.length, beginning);
  }

  #addInParts(digest: string, extents: readonly Extent[], beginning?: number): void {
    if (this.#inParts.has(digest)) return;
    this.#inParts.set(digest, extents);
    this.#rememberLarge(
      extents.reduce((sum, { length }) => sum + length, 0),
      beginning,
    );
  }

  #rememberLarge(sizeBytes: number, beginning: number | undefined): void {
    const known = this.#largeBeginnings.get(sizeBytes) ?? new Set();
    if (known === 'unknown') return;
    if (beginning !== undefined) known.add(beginning);
    this.#largeBeginnings.set(sizeBytes, beginning === undefined ? 'unknown' : known);
  }

  find(digest: string): readonly Extent[] | undefined {
    const row = this.#slots[this.#slotOf(keyOf(digest))] ?? 0;
    if (row === 0) return this.#inParts.get(digest);
    const [page, start] = this.#rowAt(row - 1);
    const at = start + digestBytes;
    const backup = this.#backups[page.readUInt32LE(at)];
    if (backup === undefined) return undefined;
    return [
      {
        backup,
        segment: page.readUInt32LE(at + 4),
        offset: page.readDoubleLE(at + 8),
        length: page.readDoubleLE(at + 16),
      },
    ];
  }

  /**
   * Whether large content of this size, and as far as is known with this beginning, is there, so that
   * hashing a file before storing it may pay.
   */
  mayHaveLarge(sizeBytes: number, beginning: () => number | undefined): boolean {
    const known = this.#largeBeginnings.get(sizeBytes);
    if (known === undefined || known === 'unknown') return known !== undefined;
    const own = beginning();
    return own === undefined || known.has(own);
  }

  /** The slot that has the key, or the free one where it would be. */
  #slotOf(key: Buffer): number {
    const mask = this.#slots.length - 1;
    for (let slot = key.readUInt32LE(0) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot] ?? 0;
      if (row === 0) return slot;
      const [page, at] = this.#rowAt(row - 1);
      if (page.compare(key, 0, digestBytes, at, at + digestBytes) === 0) return slot;
    }
  }

  /** The page that has the row, made when it is the first of it, and where the row begins. */
  #rowAt(row: number): readonly [Buffer, number] {
    const number = Math.floor(row / rowsPerPage);
    const page = (this.#pages[number] ??= Buffer.alloc(rowsPerPage * rowBytes));
    return [page, (row % rowsPerPage) * rowBytes];
  }

  #write(key: Buffer, { backup, segment, offset, length }: Extent): void {
    const [page, at] = this.#rowAt(this.#count);
    key.copy(page, at, 0, digestBytes);
    page.writeUInt32LE(this.#backupNumber(backup), at + digestBytes);
    page.writeUInt32LE(segment, at + digestBytes + 4);
    page.writeDoubleLE(offset, at + digestBytes + 8);
    page.writeDoubleLE(length, at + digestBytes + 16);
    this.#count += 1;
  }

  #backupNumber(backup: string): number {
    const known = this.#backups.lastIndexOf(backup);
    return known >= 0 ? known : this.#backups.push(backup) - 1;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let row = 0; row < this.#count; row++) {
      const [page, at] = this.#rowAt(row);
      this.#slots[this.#slotOf(page.subarray(at, at + digestBytes))] = row + 1;
    }
  }
}

function keyOf(digest: string): Buffer {
  return Buffer.from(digest, 'base64url').subarray(0, digestBytes);
}
