/** What a batch is made of: something to store, or something that only passes into the index. */
export type Change<E, R> =
  | { readonly kind: 'unchanged'; readonly entry: E }
  /** New or changed, and stored by an earlier run of the same backup. */
  | { readonly kind: 'stored'; readonly entry: E }
  | { readonly kind: 'removed'; readonly removal: R }
  | {
      readonly kind: 'store';
      readonly entry: E;
      readonly previous?: E;
      /** A part of its content, stored by an earlier run of the same backup. */
      readonly begun?: E;
    };

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

/**
 * What the index says of a batch. `packed` is what became of those to store, in their order and as
 * lines already; nothing for one that is not in the backup.
 */
export function indexLines<E, R>(
  batch: readonly Change<E, R>[],
  packed: readonly (string | undefined)[],
  encode: (entry: E | R) => string,
  removalOf: (entry: E) => R,
): string {
  let next = 0;
  const lines = batch.map((change) => {
    if (change.kind === 'removed') return encode(change.removal);
    if (change.kind !== 'store') return encode(change.entry);
    return packed[next++] ?? (change.previous ? encode(removalOf(change.entry)) : '');
  });
  return lines.join('');
}
