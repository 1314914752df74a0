import { blockBytes } from '../../stream/coalesce.ts';
import { donate } from '../../stream/donated.ts';
import { takeBlock } from '../../stream/release.ts';

/**
 * Collects an archive in blocks, so that a million headers and small files do not travel one by one. A
 * block is what is compressed as one frame, and needs no copy on its way there.
 */
export class ArchiveBlocks {
  #block: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  #full: Buffer<ArrayBuffer>[] = [];
  #position = 0;

  /** Bytes of the archive so far. */
  get position(): number {
    return this.#position;
  }

  put(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const room = this.take(bytes.length - done);
      room.set(room.length === bytes.length ? bytes : bytes.subarray(done, done + room.length));
      done += room.length;
    }
  }

  /** The archive's next bytes, at most `most`, to be filled by the caller; they hold anything. */
  take(most: number): Buffer {
    const block = (this.#block ??= takeBlock(blockBytes));
    const room = block.subarray(this.#used, this.#used + most);
    this.#used += room.length;
    this.#position += room.length;
    if (this.#used === blockBytes) {
      this.#full.push(block);
      this.#block = undefined;
      this.#used = 0;
    }
    return room;
  }

  /** Whether `full` has anything. */
  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** Full blocks, which are the receiver's own. To be asked for once all that was taken is filled. */
  *full(): Generator<Buffer> {
    const full = this.#full;
    this.#full = [];
    for (const block of full) yield donate(block);
  }

  /** What `full` has left. */
  *rest(): Generator<Buffer> {
    if (this.#block) yield this.#block.subarray(0, this.#used);
    this.#block = undefined;
    this.#used = 0;
  }
}
