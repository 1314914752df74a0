import { createHmac, type Hmac } from 'node:crypto';

/**
 * Digests of content are keyed, so that an index that leaks does not confirm a guess at what a file
 * holds. The key belongs to one chain and stands in its indexes, which are encrypted.
 */
export class ContentKey {
  readonly #key: Buffer;
  #ofNothing: string | undefined;

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
}
