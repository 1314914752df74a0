/** S3 user guide, "Amazon S3 multipart upload limits". */
export const mostParts = 10_000;
/** Later parts of a body of unknown size are larger, so that it may be larger. */
const largerFrom = 5_000;
const growth = 4;

/** The size of a part, numbered from 1, so that a body of this size fits into the parts allowed. */
export function partSize(number: number, partBytes: number, sizeBytes: number | undefined): number {
  if (sizeBytes !== undefined) return Math.max(partBytes, Math.ceil(sizeBytes / mostParts));
  return number > largerFrom ? partBytes * growth : partBytes;
}

/** Cuts a body into parts. A part's buffer may be reused once `release` has it back. */
export class PartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #free: Buffer[] = [];
  #expectedBytes: number;
  #rest: Uint8Array = new Uint8Array(0);

  /** With the body's size no more memory is taken than it needs; the source keeps to that size. */
  constructor(source: AsyncIterable<Uint8Array>, sizeBytes = Number.POSITIVE_INFINITY) {
    this.#source = source[Symbol.asyncIterator]();
    this.#expectedBytes = sizeBytes;
  }

  /** The next bytes, as many as asked for or up to the body's end; empty at the end. */
  async next(partBytes: number): Promise<Buffer> {
    if (this.#rest.byteLength === 0 && !(await this.#more())) return Buffer.alloc(0);
    const wanted = Math.min(partBytes, this.#expectedBytes);
    const buffer = this.#take(wanted);
    let filled = 0;
    while (filled < wanted && (this.#rest.byteLength > 0 || (await this.#more()))) {
      const piece = this.#rest.subarray(0, wanted - filled);
      buffer.set(piece, filled);
      filled += piece.byteLength;
      this.#rest = this.#rest.subarray(piece.byteLength);
    }
    this.#expectedBytes -= filled;
    // The source judges its size when it ends, so it must be read to its end before anything is put.
    if (this.#expectedBytes <= 0 && this.#rest.byteLength === 0) await this.#more();
    return buffer.subarray(0, filled);
  }

  release(part: Buffer): void {
    this.#free.push(Buffer.from(part.buffer));
  }

  /** Lets go of the body when it is not read to its end. */
  close(): void {
    void Promise.resolve(this.#source.return?.()).catch(() => undefined);
  }

  #take(partBytes: number): Buffer {
    const found = this.#free.findIndex((buffer) => buffer.byteLength === partBytes);
    return this.#free.splice(found, found === -1 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(partBytes);
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}
