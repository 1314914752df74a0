import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BackupReader } from '../source.ts';
import { comparePaths, showPath, type Entry, type Removal } from './entry.ts';
import { decodeEntry, indexHeader, type IndexHeader } from './index-format.ts';
import { indexLineage } from './lineage.ts';
import { mergeIndexes } from './merge-indexes.ts';
import { splitLines } from './split-lines.ts';

export const indexName = 'index';

/** A line that cannot be used; the reader goes on with the next. */
export type OnBadLine = (where: string, what: string) => void;

export interface OpenIndex extends AsyncDisposable {
  readonly header: IndexHeader;
  readonly entries: AsyncGenerator<Entry | Removal>;
}

/**
 * The index of one backup, in the order of `comparePaths`. A line that is malformed, repeats a path
 * or breaks the order goes to `onBadLine`; without one it throws `document-malformed`.
 */
export async function openIndex(
  reader: BackupReader,
  signal: AbortSignal,
  onBadLine?: OnBadLine,
): Promise<OpenIndex> {
  const lines = splitLines(await reader.readMeta(indexName, signal), reader.id);
  const first = await lines.next();
  const malformed = (what: string, cause?: unknown) =>
    new HoldfastError('document-malformed', `the index of backup ${reader.id} ${what}`, { cause });
  const refuse = (where: string, what: string, cause?: unknown) => {
    if (!onBadLine) throw malformed(`has an entry ${JSON.stringify(where)} that ${what}`, cause);
    onBadLine(where, what);
  };
  let header: IndexHeader;
  try {
    header = indexHeader.parse(JSON.parse(first.done ? '' : first.value));
  } catch (error) {
    await lines.return(undefined);
    throw malformed('has no valid header', error);
  }
  return {
    header,
    entries: parseEntries(lines, reader.id, refuse),
    async [Symbol.asyncDispose]() {
      await lines.return(undefined);
    },
  };
}

async function* parseEntries(
  lines: AsyncGenerator<string>,
  own: string,
  refuse: (where: string, what: string, cause?: unknown) => void,
): AsyncGenerator<Entry | Removal> {
  let previous: Buffer | undefined;
  for await (const text of lines) {
    let entry: Entry | Removal;
    try {
      entry = decodeEntry(text, own);
    } catch (error) {
      refuse(text.slice(0, 200), 'is malformed', error);
      continue;
    }
    if (previous && comparePaths(previous, entry.path) >= 0) {
      refuse(showPath(entry.path), 'is a duplicate or out of order');
      continue;
    }
    previous = entry.path;
    yield entry;
  }
}

/** The tree of the chain's last backup, as its index and those it builds on tell it. */
export async function* readTree(
  chain: readonly BackupReader[],
  signal: AbortSignal,
  onBadLine?: OnBadLine,
): AsyncGenerator<Entry> {
  await using stack = new AsyncDisposableStack();
  const streams: AsyncGenerator<Entry | Removal>[] = [];
  for (const reader of indexLineage(chain))
    streams.push(stack.use(await openIndex(reader, signal, onBadLine)).entries);
  yield* mergeIndexes(streams, comparePaths, isEntry);
}

function isEntry(line: Entry | Removal): line is Entry {
  return line.type !== 'removed';
}
