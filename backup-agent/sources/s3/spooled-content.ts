import type { Hmac } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { ContentKey } from '../files/content-key.ts';

/** A content on its way to a bucket, in a file until its digest is known. */
export class SpooledContent {
  readonly path: string;
  readonly #fd: number;
  readonly #hash: Hmac;

  constructor(path: string, key: ContentKey) {
    this.path = path;
    this.#hash = key.start();
    this.#fd = openSync(path, 'wx', 0o600);
  }

  write(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    for (let done = 0; done < chunk.length;) done += writeSync(this.#fd, chunk, done);
  }

  /** Closes the file; the keyed digest of what is in it. */
  finish(): string {
    closeSync(this.#fd);
    return this.#hash.digest('base64url');
  }
}
