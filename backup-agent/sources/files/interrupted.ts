import { z } from 'zod';
import type { InterruptedBackup, InterruptedObject } from '../source.ts';
import type { Change } from './batches.ts';
import type { Extent } from './entry.ts';
import { leftOutCounts } from './left-out.ts';
import { mergeIndexes, type ComparePaths } from './merge-indexes.ts';
import { segmentNumber } from './segment-name.ts';

/** What an entry of any index has. */
export interface StoredEntry {
  readonly path: Buffer;
  readonly type: string;
  readonly extents?: readonly Extent[];
  readonly digest?: string;
}

export interface InterruptedOptions<E extends StoredEntry> {
  /** The backup's own id, and those that its entries may refer to. */
  readonly own: string;
  readonly parents: readonly string[];
  /** Reads a line of an index: nothing for a removal; throws when it is no line of one. */
  readonly decode: (line: string) => E | undefined;
  readonly compare: ComparePaths;
}

/**
 * What earlier, interrupted runs packed of the same backup: the lines of the index, a segment's in
 * the note of its object. A run's segments ascend with the paths in them, so each run is one sorted
 * stream, and memory holds one segment's lines for each.
 */
export class InterruptedSegments<E extends StoredEntry> {
  readonly #segments: readonly InterruptedObject[];
  readonly #options: InterruptedOptions<E>;
  /** Numbers of those that are stored. */
  readonly #stored: ReadonlySet<number>;

  constructor(interrupted: InterruptedBackup | undefined, options: InterruptedOptions<E>) {
    this.#segments = interrupted?.objects ?? [];
    this.#options = options;
    this.#stored = new Set(this.#segments.filter(({ stored }) => stored).map(numberOf));
  }

  get count(): number {
    return this.#stored.size;
  }

  /** No run has used a greater number, not even for what it did not finish. */
  get greatestNumber(): number {
    return this.#segments.reduce((greatest, segment) => Math.max(greatest, numberOf(segment)), 0);
  }

  /** In the order of the paths, the last run's first; only those whose content is stored. */
  async *entries(): AsyncGenerator<E> {
    const runs = Map.groupBy(this.#segments, ({ attempt }) => attempt);
    const newestFirst = [...runs].sort(([left], [right]) => right - left);
    yield* mergeIndexes<E, never>(
      newestFirst.map(([, segments]) => this.#entriesOf(segments)),
      this.#options.compare,
      (line): line is E => line.type !== 'removed',
    );
  }

  async *#entriesOf(segments: readonly InterruptedObject[]): AsyncGenerator<E> {
    const ascending = segments.toSorted((left, right) => numberOf(left) - numberOf(right));
    let last: E | undefined;
    for (const segment of ascending) {
      if (!segment.stored) continue;
      for (const line of (await segment.readNote()).split('\n')) {
        const entry = line === '' ? undefined : this.#options.decode(line);
        if (!entry || !this.#isStored(entry)) continue;
        // Each part of a large file tells of those before it too.
        if (last && !last.path.equals(entry.path)) yield last;
        last = entry;
      }
    }
    if (last) yield last;
  }

  /** A content may lie in a segment that another lane had not finished. */
  #isStored({ extents = [] }: E): boolean {
    const { own, parents } = this.#options;
    return extents.every(({ backup, segment }) =>
      backup === own ? this.#stored.has(segment) : parents.includes(backup),
    );
  }
}

function numberOf({ name }: InterruptedObject): number {
  return segmentNumber(name) ?? 0;
}

const begunPrefix = 'crc32:';

/** In place of the digest of a file of which only the first parts are stored: their CRC-32. */
export function begunDigest(crc32: number): string {
  return `${begunPrefix}${crc32.toString(16)}`;
}

/** In place of the digest of a content whose stored parts have digests of their own. */
export const begunInParts = 'parts:begun';

/** Only some of the content is stored. */
export function isBegun({ digest }: Pick<StoredEntry, 'digest'>): boolean {
  return digest === begunInParts || (digest?.startsWith(begunPrefix) ?? false);
}

/** What a backup of files found, which its manifest tells. */
const findings = z.strictObject({
  time: z.iso.datetime(),
  problems: z.array(z.strictObject({ where: z.string(), what: z.string() })),
  entries: z.int().nonnegative(),
  segments: z.int().nonnegative(),
  leftOut: leftOutCounts.optional(),
});
export type Findings = z.infer<typeof findings>;

/** The findings of an interrupted run that had stored all, its index too. */
export async function interruptedFindings(
  interrupted: InterruptedBackup | undefined,
  indexName: string,
): Promise<Findings | undefined> {
  const index = interrupted?.meta.find(({ name, stored }) => stored && name === indexName);
  return index && findings.parse(JSON.parse(await index.readNote()));
}

const chainNote = z.strictObject({ key: z.base64() });

/** The key of a chain's digests, for who goes on in its full. */
export function noteOfKey(base64: string): string {
  return JSON.stringify({ key: base64 } satisfies z.infer<typeof chainNote>);
}

/** The key that an interrupted run has used, else the one given. */
export function keyOfInterrupted(interrupted: InterruptedBackup | undefined, own: string): string {
  return interrupted ? chainNote.parse(JSON.parse(interrupted.note)).key : own;
}

/** The merge of what is to be done with what earlier runs have done. */
export async function* withInterrupted<E extends StoredEntry, R>(
  changes: AsyncIterable<Change<E, R>>,
  earlier: AsyncGenerator<E>,
  compare: ComparePaths,
  isSame: (now: E, earlier: E) => boolean,
): AsyncGenerator<Change<E, R>> {
  try {
    let head = await earlier.next();
    for await (const change of changes) {
      if (change.kind !== 'store') {
        yield change;
        continue;
      }
      const { entry } = change;
      while (!head.done && compare(head.value.path, entry.path) < 0) head = await earlier.next();
      const same =
        !head.done && head.value.path.equals(entry.path) && isSame(entry, head.value)
          ? head.value
          : undefined;
      if (!same) yield change;
      else if (isBegun(same)) yield { ...change, begun: same };
      else yield { kind: 'stored', entry: same };
    }
  } finally {
    await earlier.return(undefined);
  }
}
