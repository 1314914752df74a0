import { comparePaths, isWithin, type Entry, type Removal } from './entry.ts';
import { sameState } from './file-content.ts';
import type { Candidate } from './segment-packer.ts';

/** What the walk found, against what the last index says. */
export type Change =
  | { readonly kind: 'unchanged'; readonly entry: Entry }
  | { readonly kind: 'removed'; readonly removal: Removal }
  | ({ readonly kind: 'store' } & Candidate);

export interface ChangeOptions {
  readonly walk: AsyncGenerator<Entry>;
  readonly previous: AsyncGenerator<Entry>;
  /** The directory, met last, of whose entries nothing is known. */
  readonly unknown: () => Buffer | undefined;
  /** Files are read again even where they look unchanged. */
  readonly verifyContent: boolean;
}

/** Merges two sorted streams into what a backup has to do, in the same order. */
export async function* changes(options: ChangeOptions): AsyncGenerator<Change> {
  const { walk, previous, verifyContent } = options;
  try {
    let [now, before] = [await walk.next(), await previous.next()];
    while (!now.done || !before.done) {
      const order = now.done
        ? 1
        : before.done
          ? -1
          : comparePaths(now.value.path, before.value.path);
      if (order <= 0 && !now.done) {
        const past = order === 0 && !before.done ? before.value : undefined;
        yield compare(now.value, past, verifyContent);
        if (past) before = await previous.next();
        now = await walk.next();
      } else if (!before.done) {
        yield vanished(before.value, options.unknown());
        before = await previous.next();
      }
    }
  } finally {
    await walk.return(undefined);
    await previous.return(undefined);
  }
}

function compare(entry: Entry, previous: Entry | undefined, verifyContent: boolean): Change {
  if (!previous) return { kind: 'store', entry };
  const same = previous.mark === undefined && sameState(entry, previous);
  if (same && !(verifyContent && entry.type === 'file'))
    return { kind: 'unchanged', entry: previous };
  return { kind: 'store', entry, previous };
}

/** What lies in a directory that could not be listed is not taken for deleted. */
function vanished(previous: Entry, unknown: Buffer | undefined): Change {
  if (unknown && isWithin(previous.path, unknown)) return { kind: 'unchanged', entry: previous };
  return { kind: 'removed', removal: { path: previous.path, type: 'removed' } };
}
