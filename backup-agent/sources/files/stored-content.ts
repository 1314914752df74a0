import type { Extent } from './entry.ts';

/** Content that the chain already holds, by its digest. */
export class StoredContent {
  readonly #byDigest = new Map<string, readonly Extent[]>();
  readonly #sizes = new Set<number>();

  add(digest: string, sizeBytes: number, extents: readonly Extent[]): void {
    this.#byDigest.set(digest, extents);
    this.#sizes.add(sizeBytes);
  }

  find(digest: string): readonly Extent[] | undefined {
    return this.#byDigest.get(digest);
  }

  /** Whether content of this size is there at all, so that hashing a big file first may pay. */
  hasSize(sizeBytes: number): boolean {
    return this.#sizes.has(sizeBytes);
  }
}
