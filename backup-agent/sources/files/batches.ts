import type { Entry, Removal } from './entry.ts';
import type { Change } from './changes.ts';

/** A run of changes that one segment takes. */
export type Batch = readonly Change[];

/** Keeps a batch's memory bounded where files are empty, or entries only pass through. */
const largestBatchEntries = 8192;
/** A tar header with its pax records, about. */
const headerBytes = 1536;

/**
 * Cuts changes into batches whose archives are about `segmentBytes` at most; a larger file has one
 * for itself, because an archive is whole. `carryUnchanged`: the index to write is a whole one.
 */
export async function* batches(
  changes: AsyncIterable<Change>,
  segmentBytes: number,
  carryUnchanged: boolean,
): AsyncGenerator<Batch> {
  let batch: Change[] = [];
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

/** What the index says of each change, once its candidates are packed. */
export function* indexEntries(
  batch: Batch,
  packed: readonly (Entry | undefined)[],
): Generator<Entry | Removal> {
  let next = 0;
  for (const change of batch) {
    if (change.kind === 'unchanged') yield change.entry;
    else if (change.kind === 'removed') yield change.removal;
    else {
      const entry = packed[next++];
      if (entry) yield entry;
      else if (change.previous) yield { path: change.entry.path, type: 'removed' };
    }
  }
}
