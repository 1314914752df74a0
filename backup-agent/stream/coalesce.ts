import type { ByteSource, Transform } from './transform.ts';

/** One MiB: the block that is compressed as a frame, and what storages are handed. */
export const blockBytes = 1024 * 1024;

/**
 * Regroups a stream into blocks of exactly `sizeBytes`, the last one shorter; an empty stream has
 * none. Empty chunks vanish. Holds one block.
 */
export function coalesce(sizeBytes = blockBytes): Transform {
  return (source) => regroup(source, sizeBytes);
}

async function* regroup(source: ByteSource, sizeBytes: number): AsyncGenerator<Uint8Array, void> {
  let block = Buffer.allocUnsafeSlow(sizeBytes);
  let used = 0;
  for await (const chunk of source) {
    let taken = 0;
    while (taken < chunk.length) {
      const piece = chunk.subarray(taken, taken + sizeBytes - used);
      taken += piece.length;
      if (piece.length === sizeBytes) {
        yield piece;
        continue;
      }
      block.set(piece, used);
      used += piece.length;
      if (used === sizeBytes) {
        yield block;
        block = Buffer.allocUnsafeSlow(sizeBytes);
        used = 0;
      }
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
