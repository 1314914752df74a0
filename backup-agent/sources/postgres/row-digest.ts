import { createHash, hash, type Hash } from 'node:crypto';

const newline = 10;
const words = 8;
/** A row longer than this is digested as it comes, so that it need not be held. */
const longRowBytes = 1024 * 1024;

export interface RowSet {
  readonly rows: number;
  /** 64 hexadecimal digits; the same for the same rows in any order. */
  readonly digest: string;
}

/**
 * Counts and digests the rows of COPY text, whatever their order: the sum, word by word modulo 2³²,
 * of each row's SHA-256. (A multiset hash: rows that repeat count as often as they are there; equal
 * rows do not cancel out, as they would with XOR.) COPY text holds a newline only at a row's end.
 */
export class RowDigest {
  readonly #sum = new Uint32Array(words);
  #rows = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #long: Hash | undefined;

  update(chunk: Uint8Array): void {
    const block = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (;;) {
      const end = block.indexOf(newline, start);
      if (end < 0) break;
      this.#endRow(block.subarray(start, end));
      start = end + 1;
    }
    if (start < block.length) this.#keep(block.subarray(start));
  }

  /** Adds the rows of another digest, of another part of the same table. */
  add(other: RowSet): void {
    const sum = Buffer.from(other.digest, 'hex');
    for (let at = 0; at < words; at += 1) this.#addWord(at, sum.readUInt32BE(4 * at));
    this.#rows += other.rows;
  }

  /** Throws when the stream ended inside a row. */
  result(): RowSet {
    if (this.#restBytes > 0 || this.#long) throw new Error('COPY text ended inside a row');
    const sum = Buffer.alloc(4 * words);
    for (const [at, word] of this.#sum.entries()) sum.writeUInt32BE(word, 4 * at);
    return { rows: this.#rows, digest: sum.toString('hex') };
  }

  #keep(part: Buffer): void {
    if (this.#long) this.#long.update(part);
    else {
      // A copy of its own: what it was cut from is handed on and may be written over.
      this.#rest.push(Buffer.from(part));
      this.#restBytes += part.length;
      if (this.#restBytes > longRowBytes) this.#goLong();
    }
  }

  #goLong(): void {
    this.#long = createHash('sha256');
    for (const part of this.#rest) this.#long.update(part);
    this.#rest = [];
    this.#restBytes = 0;
  }

  #endRow(part: Buffer): void {
    this.#rows += 1;
    if (this.#long) {
      this.#addHash(this.#long.update(part).digest('latin1'));
      this.#long = undefined;
    } else if (this.#restBytes > 0) {
      const row = Buffer.concat([...this.#rest, part]);
      this.#rest = [];
      this.#restBytes = 0;
      this.#addHash(hash('sha256', row, 'latin1'));
    } else {
      // A text of bytes: making a Buffer for each row takes three times as long as the hash.
      this.#addHash(hash('sha256', part, 'latin1'));
    }
  }

  #addHash(bytes: string): void {
    for (let at = 0; at < words; at += 1) {
      const from = 4 * at;
      this.#addWord(
        at,
        ((bytes.charCodeAt(from) << 24) |
          (bytes.charCodeAt(from + 1) << 16) |
          (bytes.charCodeAt(from + 2) << 8) |
          bytes.charCodeAt(from + 3)) >>>
          0,
      );
    }
  }

  /** A Uint32Array keeps its elements modulo 2³² by itself. */
  #addWord(at: number, word: number): void {
    this.#sum[at] = (this.#sum[at] ?? 0) + word;
  }
}

/** Hands a stream of COPY text on unchanged and digests it on the way. */
export async function* digesting(
  source: AsyncIterable<Uint8Array>,
  digest: RowDigest,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    digest.update(chunk);
    yield chunk;
  }
}
