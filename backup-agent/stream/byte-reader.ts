import { takeDonated } from './donated.ts';
import { release } from './release.ts';
import { iterate, type ByteSource } from './transform.ts';

const newline = 0x0a;

/**
 * Reads a stream in pieces of the reader's choice, not the sender's. Copies only what spans two
 * chunks. What a read returns is good until the next read: chunks that were given away are released
 * once they are used up.
 */
export class ByteReader implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  /** What `#chunk` is the rest of, if it was given to this reader. */
  #own: Uint8Array<ArrayBuffer> | undefined;
  #usedUp: Uint8Array<ArrayBuffer>[] = [];
  #ended = false;

  constructor(source: ByteSource) {
    this.#iterator = iterate(source);
  }

  /** The next `sizeBytes` bytes; fewer only where the stream ends. */
  async read(sizeBytes: number): Promise<Uint8Array> {
    this.#releaseUsedUp();
    if (!(await this.ended()) && this.#chunk.length >= sizeBytes) return this.#take(sizeBytes);
    const gathered = Buffer.allocUnsafeSlow(sizeBytes);
    let used = 0;
    while (used < sizeBytes && !(await this.ended())) {
      const piece = this.#take(sizeBytes - used);
      gathered.set(piece, used);
      used += piece.length;
    }
    return gathered.subarray(0, used);
  }

  /** Between one and `sizeBytes` bytes, whatever is at hand, never copied; none at the end. */
  async readSome(sizeBytes: number): Promise<Uint8Array> {
    this.#releaseUsedUp();
    return (await this.ended()) ? this.#chunk : this.#take(sizeBytes);
  }

  /**
   * The next line with its newline. Where the stream ends, or the line is longer than `maxBytes`,
   * what there is without a newline.
   */
  async readLine(maxBytes: number): Promise<Uint8Array> {
    this.#releaseUsedUp();
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (length < maxBytes && !(await this.ended())) {
      const end = this.#chunk.indexOf(newline) + 1;
      const piece = this.#take(Math.min(end || this.#chunk.length, maxBytes - length));
      pieces.push(piece);
      length += piece.length;
      if (piece.at(-1) === newline) break;
    }
    return Buffer.concat(pieces);
  }

  /** Whether nothing is left. Waits for the next byte or the end. */
  async ended(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) {
      // Read before the next chunk comes, but what was read last may still be looked at.
      if (this.#own) this.#usedUp.push(this.#own);
      this.#own = undefined;
      const step = await this.#iterator.next();
      if (step.done) this.#ended = true;
      else this.#takeIn(step.value);
    }
    return this.#chunk.length === 0;
  }

  /** Closes the source unless it has come to its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }

  #takeIn(chunk: Uint8Array): void {
    this.#chunk = chunk;
    if (takeDonated(chunk)) this.#own = chunk;
  }

  #releaseUsedUp(): void {
    for (const chunk of this.#usedUp) release(chunk);
    this.#usedUp = [];
  }

  #take(sizeBytes: number): Uint8Array {
    const piece = this.#chunk.subarray(0, sizeBytes);
    this.#chunk = this.#chunk.subarray(piece.length);
    return piece;
  }
}
