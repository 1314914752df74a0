import { createHmac, hash, type Hmac } from 'node:crypto';

/** SHA-256's block, and what RFC 2104 mixes into the key for the inner and the outer hash. */
const hashBlockBytes = 64;
const innerPad = 0x36;
const outerPad = 0x5c;

/** Up to here a copy of a content costs less than the objects of an HMAC. */
const largestCopyBytes = 64 * 1024;

/**
 * Digests of content are keyed, so that an index that leaks does not confirm a guess at what a file
 * holds. The key belongs to one chain and stands in its indexes, which are encrypted.
 */
export class ContentKey {
  readonly #key: Buffer;
  #ofNothing: string | undefined;
  #room: DigestRoom | undefined;

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key);
  }

  static fromBase64(text: string): ContentKey {
    return new ContentKey(Buffer.from(text, 'base64'));
  }

  get base64(): string {
    return this.#key.toString('base64');
  }

  /** The digest of no content. */
  get ofNothing(): string {
    return (this.#ofNothing ??= this.start().digest('base64url'));
  }

  /** HMAC-SHA-256 (RFC 2104); finish it with `digest('base64url')`. */
  start(): Hmac {
    return createHmac('sha256', this.#key);
  }

  /** Of a content at hand as a whole. */
  digest(content: Uint8Array): string {
    if (content.length > largestCopyBytes) return this.start().update(content).digest('base64url');
    const room = (this.#room ??= this.room(largestCopyBytes));
    room.content(content.length).set(content);
    return room.digest(content.length);
  }

  /** Room for contents of up to `sizeBytes`, one after the other. */
  room(sizeBytes: number): DigestRoom {
    return new DigestRoom(this.#key, sizeBytes);
  }
}

/**
 * Takes the digests of many small contents, each at hand as a whole: the same as `start()`, without
 * the objects that it makes, which cost half as much again as hashing a file of 10 KB.
 */
export class DigestRoom {
  /** The inner key and a content, and the outer key and the inner hash: each hashed in one call. */
  readonly #inner: Buffer;
  readonly #outer = Buffer.alloc(hashBlockBytes + 32, outerPad);

  constructor(key: Buffer, sizeBytes: number) {
    if (key.length > hashBlockBytes) throw new RangeError('a key longer than a block of the hash');
    this.#inner = Buffer.allocUnsafeSlow(hashBlockBytes + sizeBytes);
    this.#inner.fill(innerPad, 0, hashBlockBytes);
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ innerPad;
      this.#outer[at] = byte ^ outerPad;
    }
  }

  /** Where the next content of so many bytes goes. It holds anything. */
  content(sizeBytes: number): Buffer {
    return this.#inner.subarray(hashBlockBytes, hashBlockBytes + sizeBytes);
  }

  /** Of the first `sizeBytes` of what `content` was filled with; base64url. */
  digest(sizeBytes: number): string {
    const inner = hash('sha256', this.#inner.subarray(0, hashBlockBytes + sizeBytes), 'latin1');
    this.#outer.write(inner, hashBlockBytes, 'latin1');
    return hash('sha256', this.#outer, 'base64url');
  }
}
