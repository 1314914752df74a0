import type { Hmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { blockBytes } from '../../stream/coalesce.ts';
import type { ContentKey } from './content-key.ts';
import type { OpenFile } from './file-content.ts';
import { readable } from './segment-packer.ts';

/** What has been read of a file from its beginning on. */
export class ContentSum {
  /** Nothing was missing. */
  whole = true;
  /** Unlike the digest, it can be told in the middle: enough to notice that the file has changed. */
  check = 0;
  readonly #hash: Hmac;

  constructor(key: ContentKey) {
    this.#hash = key.start();
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.check = crc32(bytes, this.check);
  }

  digest(): string {
    return this.#hash.digest('base64url');
  }
}

/** Reads the first bytes again; whether all of them are there. */
export function rehash(
  file: OpenFile,
  content: ContentSum,
  sizeBytes: number,
  onBytes: (count: number) => void,
): boolean {
  const scratch = Buffer.allocUnsafeSlow(blockBytes);
  for (let position = 0; position < sizeBytes;) {
    const buffer = scratch.subarray(0, Math.min(blockBytes, sizeBytes - position));
    if (readable(file, buffer, position) < buffer.length) return false;
    content.update(buffer);
    onBytes(buffer.length);
    position += buffer.length;
  }
  return true;
}
