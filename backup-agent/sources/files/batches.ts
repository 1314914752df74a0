/** What a batch is made of: something to store, or something that only passes into the index. */
export type Change<E, R> =
  | { readonly kind: 'unchanged'; readonly entry: E }
  | { readonly kind: 'removed'; readonly removal: R }
  | { readonly kind: 'store'; readonly entry: E; readonly previous?: E };

/** Keeps a batch's memory bounded where files are empty, or entries only pass through. */
const largestBatchEntries = 4096;
/** A tar header with its pax records, about. */
const headerBytes = 1536;

/**
 * Cuts changes into batches whose archives are about `segmentBytes` at most; a larger file has one
 * for itself, because an archive is whole. `carryUnchanged`: the index to write is a whole one.
 */
export async function* batches<E extends { readonly sizeBytes: number }, R>(
  changes: AsyncIterable<Change<E, R>>,
  segmentBytes: number,
  carryUnchanged: boolean,
): AsyncGenerator<readonly Change<E, R>[]> {
  let batch: Change<E, R>[] = [];
  let bytes = 0;
  for await (const change of changes) {
    if (change.kind === 'unchanged' && !carryUnchanged) continue;
    const size = change.kind === 'store' ? change.entry.sizeBytes + headerBytes : 0;
    if (batch.length >= largestBatchEntries || (batch.length > 0 && bytes + size > segmentBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(change);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** What the index says of each change; `packed` is what became of those to store, in their order. */
export function* indexEntries<E, R>(
  batch: readonly Change<E, R>[],
  packed: readonly (E | undefined)[],
  removalOf: (entry: E) => R,
): Generator<E | R> {
  let next = 0;
  for (const change of batch) {
    if (change.kind === 'unchanged') yield change.entry;
    else if (change.kind === 'removed') yield change.removal;
    else {
      const entry = packed[next++];
      if (entry) yield entry;
      else if (change.previous) yield removalOf(change.entry);
    }
  }
}
