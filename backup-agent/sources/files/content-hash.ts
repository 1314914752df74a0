import type { Hmac } from 'node:crypto';
import type { ContentKey } from './content-key.ts';
import type { Extent } from './entry.ts';

export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** Base64url; ends the hash. */
  digest(): string;
}

/** Marks a digest that is over those of a content's parts, so that no content's own is ever equal to it. */
const partsPrefix = 'parts:';

/** The digest of a content whose parts have digests of their own: keyed, over these. */
export function digestOfParts(key: ContentKey, digests: readonly string[]): string {
  return partsPrefix + key.start().update(digests.join('\n')).digest('base64url');
}

/** Takes the digest of a content in the way that its index has taken it; as a whole, unless told. */
export function contentHash(key: ContentKey, extents: readonly Extent[] = []): ContentHash {
  const isOfParts = extents.some(({ digest }) => digest !== undefined);
  return isOfParts ? new PartsHash(key, extents) : new WholeHash(key);
}

class WholeHash implements ContentHash {
  readonly #hash: Hmac;

  constructor(key: ContentKey) {
    this.#hash = key.start();
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): string {
    return this.#hash.digest('base64url');
  }
}

/** Cuts a content where its parts end. */
class PartsHash implements ContentHash {
  readonly #key: ContentKey;
  readonly #extents: readonly Extent[];
  readonly #digests: string[] = [];
  #hash: Hmac;
  /** Of the part that is read; behind the last one there is no end. */
  #left: number;

  constructor(key: ContentKey, extents: readonly Extent[]) {
    this.#key = key;
    this.#extents = extents;
    this.#hash = key.start();
    this.#left = extents[0]?.length ?? Infinity;
  }

  update(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      const piece = rest.subarray(0, this.#left);
      this.#hash.update(piece);
      this.#left -= piece.length;
      rest = rest.subarray(piece.length);
      while (this.#left === 0) this.#endPart();
    }
  }

  #endPart(): void {
    this.#digests.push(this.#hash.digest('base64url'));
    this.#hash = this.#key.start();
    this.#left = this.#extents[this.#digests.length]?.length ?? Infinity;
  }

  digest(): string {
    return digestOfParts(this.#key, this.#digests);
  }
}
