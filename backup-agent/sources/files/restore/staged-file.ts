import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { contentHash, type ContentHash } from '../content-hash.ts';
import type { ContentKey } from '../content-key.ts';
import type { Entry } from '../entry.ts';
import type { Metadata } from './metadata.ts';

const blockBytes = 4096;
const emptyBlock = Buffer.alloc(blockBytes);
const readBytes = 1024 * 1024;
const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** A file written aside, under a name of ours, until its digest is known to be right. */
export class StagedFile implements Disposable {
  readonly path: Buffer;
  readonly #entry: Entry;
  readonly #key: ContentKey;
  /** Of what was written, unless it came in one piece. */
  #hash: ContentHash | undefined;
  /** Of the content that came in one piece. */
  #digest: string | undefined;
  #fd: number | undefined;
  #position = 0;
  #placed = false;

  /** What an interrupted run has left of it, with `inParts`. */
  readonly keptBytes: number;
  readonly #inParts: boolean;

  /** With `inParts`, it stays when it is not finished, and goes on with what is there. */
  constructor(path: Buffer, entry: Entry, key: ContentKey, inParts = false) {
    this.path = path;
    this.#entry = entry;
    this.#key = key;
    this.#inParts = inParts;
    this.#fd = openSync(path, inParts ? O_RDWR | O_CREAT | O_NOFOLLOW : 'wx', 0o600);
    this.keptBytes = inParts ? fstatSync(this.#fd).size : 0;
  }

  /** Goes on behind the first bytes of what was left, which are read for the digest. */
  keep(bytes: number): void {
    ftruncateSync(this.#open, bytes);
    const buffer = Buffer.allocUnsafeSlow(Math.min(bytes, readBytes));
    while (this.#position < bytes) {
      const wanted = Math.min(buffer.length, bytes - this.#position);
      const count = readSync(this.#open, buffer, 0, wanted, this.#position);
      if (count === 0) throw new Error('the staged file became shorter');
      this.#hashed(buffer.subarray(0, count));
      this.#position += count;
    }
  }

  /** Makes the file's size tell that it holds all up to here, also where that is a hole. */
  endPart(): void {
    ftruncateSync(this.#open, this.#position);
  }

  /** What was written is of no use. */
  discard(): void {
    this.#close();
    unlinkSync(this.path);
    this.#placed = true;
  }

  write(chunk: Uint8Array): void {
    if (this.#position === 0 && chunk.length === this.#entry.sizeBytes)
      this.#digest = this.#key.digest(chunk);
    else this.#hashed(chunk);
    if (this.#entry.sparse) this.#writeSparsely(chunk);
    else this.#writeAt(chunk, this.#position);
    this.#position += chunk.length;
  }

  /** Whether the content is what the index says; if so, the file has its metadata and is closed. */
  finish(metadata: Metadata): boolean {
    const fd = this.#open;
    const { digest, sizeBytes } = this.#entry;
    if (this.#position !== sizeBytes || this.#contentDigest() !== digest) return false;
    if (this.#entry.sparse) ftruncateSync(fd, sizeBytes);
    metadata.setFile(fd, this.#entry, !this.#inParts);
    this.#close();
    return true;
  }

  /** It has its name now, and is not ours to remove. */
  placed(): void {
    this.#placed = true;
  }

  [Symbol.dispose](): void {
    this.#close();
    if (!this.#placed && !this.#inParts) unlinkSync(this.path);
  }

  #hashed(bytes: Uint8Array): void {
    this.#hash ??= contentHash(this.#key, this.#entry.extents);
    this.#hash.update(bytes);
  }

  #contentDigest(): string {
    return this.#digest ?? this.#hash?.digest() ?? this.#key.ofNothing;
  }

  get #open(): number {
    if (this.#fd === undefined) throw new Error('the staged file is closed');
    return this.#fd;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #writeAt(chunk: Uint8Array, position: number): void {
    for (let done = 0; done < chunk.length;)
      done += writeSync(this.#open, chunk, done, chunk.length - done, position + done);
  }

  /** Leaves out blocks of zeros, so that they become holes. */
  #writeSparsely(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const position = this.#position + at;
      const toBoundary = blockBytes - (position % blockBytes);
      const block = chunk.subarray(at, at + toBoundary);
      if (!emptyBlock.subarray(0, block.length).equals(block)) this.#writeAt(block, position);
      at += block.length;
    }
  }
}
