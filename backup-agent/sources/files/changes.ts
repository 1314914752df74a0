import type { Change } from './batches.ts';
import { comparePaths, type Entry, type Removal } from './entry.ts';
import { sameState } from './file-content.ts';
import { pairUp } from './merge-indexes.ts';
import type { UnknownPaths } from './unknown-paths.ts';

/** What the walk found, against what the last index says. */
export type FileChange = Change<Entry, Removal>;

export interface ChangeOptions {
  readonly walk: AsyncGenerator<Entry>;
  readonly previous: AsyncGenerator<Entry>;
  /** What the walk could not look at. */
  readonly unknown: UnknownPaths;
  /** Files are read again even where they look unchanged. */
  readonly verifyContent: boolean;
}

/** Merges two sorted streams into what a backup has to do, in the same order. */
export async function* changes(options: ChangeOptions): AsyncGenerator<FileChange> {
  const { walk, previous, verifyContent } = options;
  for await (const { now, before } of pairUp(walk, previous, comparePaths)) {
    if (now) yield compare(now, before, verifyContent);
    else if (before) yield vanished(before, options.unknown);
  }
}

function compare(entry: Entry, previous: Entry | undefined, verifyContent: boolean): FileChange {
  if (!previous) return { kind: 'store', entry };
  const same = previous.mark === undefined && sameState(entry, previous);
  if (same && !(verifyContent && entry.type === 'file'))
    return { kind: 'unchanged', entry: previous };
  return { kind: 'store', entry, previous };
}

/** What lies in a directory that could not be listed is not taken for deleted. */
function vanished(previous: Entry, unknown: UnknownPaths): FileChange {
  if (unknown.covers(previous.path)) return { kind: 'unchanged', entry: previous };
  return { kind: 'removed', removal: removalOf(previous) };
}

export function removalOf({ path }: Entry): Removal {
  return { path, type: 'removed' };
}
