import { takeDonated } from './donated.ts';
import { takeBlock } from './release.ts';
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

/** The same for a reader that wants to `release` each block: nobody else holds it. */
export async function* ownBlocks(
  source: ByteSource,
  sizeBytes = blockBytes,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let block: Uint8Array<ArrayBuffer> | undefined;
  let used = 0;
  for await (const chunk of source) {
    if (used === 0 && chunk.length === sizeBytes && takeDonated(chunk)) {
      yield chunk;
      continue;
    }
    for (let taken = 0; taken < chunk.length;) {
      block ??= takeBlock(sizeBytes);
      const piece = chunk.subarray(taken, taken + sizeBytes - used);
      block.set(piece, used);
      taken += piece.length;
      used += piece.length;
      if (used < sizeBytes) continue;
      yield block;
      block = undefined;
      used = 0;
    }
  }
  if (block !== undefined) yield block.subarray(0, used);
}
