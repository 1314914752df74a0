import type { ByteSource, Transform } from './transform.ts';

/** One MiB: the block that is compressed as a frame, and what storages are handed. */
export const blockBytes = 1024 * 1024;

/**
 * Regroups a stream into blocks of exactly `sizeBytes`, the last one shorter; an empty stream has
 * none. Empty chunks vanish. Holds one block.
 */
export function coalesce(sizeBytes = blockBytes): Transform {
  return (source) => ownBlocks(source, sizeBytes);
}

/** The same for a reader that wants to `release` each block: it is a copy nobody else holds. */
export async function* ownBlocks(
  source: ByteSource,
  sizeBytes = blockBytes,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let block = Buffer.allocUnsafeSlow(sizeBytes);
  let used = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length;) {
      const piece = chunk.subarray(taken, taken + sizeBytes - used);
      block.set(piece, used);
      taken += piece.length;
      used += piece.length;
      if (used < sizeBytes) continue;
      yield block;
      block = Buffer.allocUnsafeSlow(sizeBytes);
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
