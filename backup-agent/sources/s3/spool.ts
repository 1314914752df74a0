import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { contentHash, type ContentHash } from '../files/content-hash.ts';
import type { ContentKey } from '../files/content-key.ts';

const pieceBytes = 64 * 1024;

/**
 * Where contents lie on their way to a bucket, until their digests are known: a file that has no name
 * any more, so that nothing of a customer's is left when the process is killed.
 */
export class Spool implements Disposable {
  readonly #fd: number;
  #sizeBytes = 0;

  constructor(directory: string) {
    const path = join(directory, `holdfast-spool-${randomUUID()}`);
    this.#fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** For one content behind the others; the one before is whole by then. */
  begin(key: ContentKey): SpooledContent {
    return new SpooledContent(this.#sizeBytes, contentHash(key), (chunk) => this.#write(chunk));
  }

  /** The content, as often as it is asked for. */
  read({ start, sizeBytes }: SpooledContent): Readable {
    return Readable.from(this.#pieces(start, sizeBytes), { objectMode: false });
  }

  /** Not by `createReadStream`, which closes the file when it is destroyed, whatever it was told. */
  *#pieces(start: number, sizeBytes: number): Generator<Buffer> {
    for (let done = 0; done < sizeBytes;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, sizeBytes - done));
      const count = readSync(this.#fd, piece, 0, piece.length, start + done);
      if (count === 0) throw new Error('the spool became shorter');
      done += count;
      yield piece.subarray(0, count);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #write(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length;) {
      const count = writeSync(this.#fd, chunk, done, chunk.length - done, this.#sizeBytes);
      this.#sizeBytes += count;
      done += count;
    }
  }
}

/** A content in a spool; not empty. */
export class SpooledContent {
  readonly start: number;
  sizeBytes = 0;
  readonly #hash: ContentHash;
  readonly #append: (chunk: Uint8Array) => void;

  constructor(start: number, hash: ContentHash, append: (chunk: Uint8Array) => void) {
    this.start = start;
    this.#hash = hash;
    this.#append = append;
  }

  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#append(chunk);
    this.sizeBytes += chunk.length;
  }

  /** Keyed; ends the content. */
  digest(): string {
    return this.#hash.digest();
  }
}
