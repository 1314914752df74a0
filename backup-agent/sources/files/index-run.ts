import { pMapIterable } from 'p-map';
import { HoldfastError, type Problem } from '../../errors/holdfast-error.ts';
import type { BackupReader, BackupWriter, Progress } from '../source.ts';
import { batches, type Change } from './batches.ts';
import type { ContentKey } from './content-key.ts';
import {
  InterruptedSegments,
  isBegun,
  withInterrupted,
  type Findings,
  type StoredEntry,
} from './interrupted.ts';
import { LeftOut } from './left-out.ts';
import type { ComparePaths } from './merge-indexes.ts';
import { segmentName } from './segment-name.ts';
import type { StoredContent } from './stored-content.ts';

/** What backups of directories and of buckets have in common. */
export interface IndexedBackupOptions {
  readonly segmentBytes: number;
  readonly verifyContent: boolean;
  /** Segments in the making at once. */
  readonly lanes: number;
  /** Whether the index to write names every entry, or only what changed. */
  readonly whole: boolean;
  /** The chain this backup builds on; empty for a full. */
  readonly parents: readonly BackupReader[];
  readonly key: ContentKey;
  /** When the walk or the listing began. */
  readonly startedAt: Date;
  readonly writer: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** What is wrong when there is no entry at all; nothing where there may be none. */
  readonly emptied: string | undefined;
  /** Entries of the last backup, for progress; 0 when there is none. */
  readonly expectedEntries: number;
}

/** An entry of either index. */
export interface IndexedEntry extends StoredEntry {
  readonly sizeBytes: number;
}

/** What is particular to one of them. */
export interface IndexedSource<E extends IndexedEntry, R> {
  readonly title: string;
  /** Of the index, as its header names it. */
  readonly format: string;
  readonly indexName: string;
  readonly stored: StoredContent;
  readonly compare: ComparePaths;
  /** Entries that stand in the index and do not count: the root of a tree. */
  readonly uncounted: number;
  /** Reads a line of the index: nothing for a removal. */
  decode(line: string): E | undefined;
  /** Whether what an interrupted run has stored still is what is there now. */
  isSame(now: E, earlier: E): boolean;
  /** Whether content may be referred to. */
  isSound(entry: E): boolean;
  /** What is there now against what was, in the order of the index. */
  changes(signal: AbortSignal): AsyncIterable<Change<E, R>>;
  readEntries(parents: readonly BackupReader[], signal: AbortSignal): AsyncGenerator<E>;
  /** How many segment numbers a batch may use. */
  segmentsOf(batch: readonly Change<E, R>[]): number;
  /** Packs a batch, and answers with its lines of the index. */
  store(batch: readonly Change<E, R>[], segment: number): Promise<string>;
}

/**
 * One backup, driven by the lines of its index: each waits for its batch, and batches are packed
 * `lanes` at once. What an interrupted run of the same backup has packed, and is still as it was,
 * stays in the segments of that run.
 */
export class IndexRun<E extends IndexedEntry, R> {
  readonly leftOut: LeftOut;
  readonly signal: AbortSignal;
  readonly #options: IndexedBackupOptions;
  readonly #source: IndexedSource<E, R>;
  readonly #problems: Problem[] = [];
  readonly #stop = new AbortController();
  readonly #earlier: InterruptedSegments<E>;
  #contentLoaded: Promise<void> | undefined;
  #entries = 0;
  #segments: number;

  constructor(options: IndexedBackupOptions, source: IndexedSource<E, R>) {
    const { writer, parents, progress } = options;
    this.#options = options;
    this.#source = source;
    this.leftOut = new LeftOut(progress);
    this.signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#earlier = new InterruptedSegments(writer.interrupted, {
      own: writer.id,
      parents: parents.map(({ id }) => id),
      decode: (line) => source.decode(line),
      compare: source.compare,
    });
    this.#segments = this.#earlier.count;
  }

  async run(): Promise<Findings> {
    const { writer, progress, expectedEntries } = this.#options;
    const { title, indexName } = this.#source;
    progress.step(title, { amount: expectedEntries, unit: 'entries' });
    try {
      await writer.writeMeta(indexName, this.#lines(), () => JSON.stringify(this.#findings));
    } finally {
      this.#stop.abort();
    }
    return this.#findings;
  }

  readonly report = (problem: Problem): void => {
    this.#problems.push(problem);
  };

  beginSegment(segment: number): void {
    this.#segments += 1;
    this.#options.progress.advance(0, { segment });
  }

  /** Stores an archive, unless it has nothing in it. */
  async write(segment: number, chunks: AsyncGenerator<Buffer>, note: () => string): Promise<void> {
    const first = await chunks.next();
    if (first.done) return;
    this.beginSegment(segment);
    const archive = startingWith(first.value, chunks);
    await this.#options.writer.writeObject(segmentName(segment), archive, note);
  }

  /** What the chain holds is only looked up once something must be stored. */
  async loadContent(): Promise<void> {
    this.#contentLoaded ??= (async () => {
      const { parents } = this.#options;
      if (parents.length > 0) await this.#remember(this.#source.readEntries(parents, this.signal));
      await this.#remember(this.#earlier.entries());
    })();
    await this.#contentLoaded;
  }

  async #remember(entries: AsyncGenerator<E>): Promise<void> {
    for await (const entry of entries) {
      const { digest, extents } = entry;
      if (digest && extents && this.#source.isSound(entry) && !isBegun(entry))
        this.#source.stored.add(digest, extents);
    }
  }

  get #findings(): Findings {
    const leftOut = this.leftOut.counts;
    return {
      ...(leftOut ? { leftOut } : {}),
      time: this.#options.startedAt.toISOString(),
      problems: this.#problems,
      entries: this.#entries,
      segments: this.#segments,
    };
  }

  async *#lines(): AsyncGenerator<Buffer> {
    const { key, whole, segmentBytes, lanes, emptied } = this.#options;
    const { format } = this.#source;
    const header = { format, key: key.base64, index: whole ? 'whole' : 'changes' };
    yield Buffer.from(`${JSON.stringify(header)}\n`);
    const work = this.#numbered(batches(this.#changes(), segmentBytes, whole));
    const written = pMapIterable(work, ({ batch, segment }) => this.#source.store(batch, segment), {
      concurrency: lanes,
      backpressure: lanes + 1,
    });
    for await (const lines of written) yield Buffer.from(lines);
    // Nothing of the backup can be used before its index is whole.
    if (this.#entries === 0 && emptied !== undefined)
      throw new HoldfastError('source-emptied', emptied);
  }

  /** Numbers ascend with the paths, whatever is packed first. */
  async *#numbered(work: AsyncIterable<readonly Change<E, R>[]>) {
    let segment = this.#earlier.greatestNumber + 1;
    for await (const batch of work) {
      yield { batch, segment };
      segment += this.#source.segmentsOf(batch);
    }
  }

  async *#changes(): AsyncGenerator<Change<E, R>> {
    const { compare, uncounted } = this.#source;
    const all = this.#source.changes(this.signal);
    const isSame = (now: E, earlier: E) => this.#source.isSame(now, earlier);
    const left =
      this.#earlier.count === 0
        ? all
        : withInterrupted(all, this.#earlier.entries(), compare, isSame);
    for await (const change of left) {
      if (change.kind !== 'removed') {
        this.#entries += 1;
        this.#options.progress.advance(1);
      }
      yield change;
    }
    this.#entries -= uncounted;
  }
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
