import { release } from '../../stream/release.ts';

/** What goes downstream at once: the block that is compressed as one frame, and needs no copy there. */
export const blockBytes = 1024 * 1024;

/**
 * Collects headers and small files, so that a million of them do not travel one by one. What was
 * put can be taken back until it is handed on.
 */
export class ArchiveBlock {
  /** Room for a full block and one more entry. */
  readonly #bytes = Buffer.allocUnsafeSlow(2 * blockBytes);
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** How much is missing to a full block. */
  get free(): number {
    return blockBytes - this.#used;
  }

  /** The next bytes, at most `blockBytes`, to be filled by the caller; they hold anything. */
  take(count: number): Buffer {
    this.#used += count;
    return this.#bytes.subarray(this.#used - count, this.#used);
  }

  put(bytes: Uint8Array): void {
    this.take(bytes.length).set(bytes);
  }

  rewind(used: number): void {
    this.#used = used;
  }

  /** A full block, if there is one; what it does not hold stays. It is good until the next is asked for. */
  *full(): Generator<Buffer> {
    if (this.#used < blockBytes) return;
    yield this.#bytes.subarray(0, blockBytes);
    this.#bytes.copyWithin(0, blockBytes, this.#used);
    this.#used -= blockBytes;
  }

  *rest(): Generator<Buffer> {
    if (this.#used > 0) yield this.#bytes.subarray(0, this.#used);
    this.#used = 0;
  }

  /** Gives its memory back at once; to be called when nothing more is asked of it. */
  release(): void {
    release(this.#bytes);
  }
}
