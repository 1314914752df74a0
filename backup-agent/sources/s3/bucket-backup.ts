import { pMapIterable } from 'p-map';
import { HoldfastError, type Problem } from '../../errors/holdfast-error.ts';
import { batches, indexLines, type Change } from '../files/batches.ts';
import type { ContentKey } from '../files/content-key.ts';
import { InterruptedSegments, withInterrupted, type Findings } from '../files/interrupted.ts';
import { LeftOut } from '../files/left-out.ts';
import { pairUp } from '../files/merge-indexes.ts';
import type { PathFilter } from '../files/path-filter.ts';
import { segmentName } from '../files/segment-name.ts';
import { StoredContent } from '../files/stored-content.ts';
import type { BackupReader, BackupWriter, Progress } from '../source.ts';
import type { Bucket } from './bucket.ts';
import { packObjects } from './object-packer.ts';
import { removalOf, sameObject, type ObjectEntry, type ObjectRemoval } from './object-entry.ts';
import {
  decodeObject,
  encodeObject,
  objectIndexName,
  readObjects,
  type ObjectIndexHeader,
} from './object-index.ts';

export interface BucketBackupOptions {
  readonly bucket: Bucket;
  readonly filter: PathFilter;
  readonly segmentBytes: number;
  readonly lanes: number;
  readonly fetchesAtOnce: number;
  readonly whole: boolean;
  readonly parents: readonly BackupReader[];
  readonly key: ContentKey;
  /** When the listing began. */
  readonly startedAt: Date;
  readonly writer: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** What is wrong when there is no object at all; nothing where there may be none. */
  readonly emptied: string | undefined;
  /** Objects of the last backup, for progress; 0 when there is none. */
  readonly expectedEntries: number;
  readonly verifyContent: boolean;
}

type ObjectChange = Change<ObjectEntry, ObjectRemoval>;

/**
 * Writes new and changed objects as segments, and the index, whose lines drive it all. What an
 * interrupted run of the same backup has packed, and is still the newest version, stays in the
 * segments of that run.
 */
export async function backUpBucket(options: BucketBackupOptions): Promise<Findings> {
  return await new BucketBackup(options).run();
}

class BucketBackup {
  readonly #options: BucketBackupOptions;
  readonly #problems: Problem[] = [];
  readonly #stored = new StoredContent(0);
  readonly #leftOut: LeftOut;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #earlier: InterruptedSegments<ObjectEntry>;
  #contentLoaded: Promise<void> | undefined;
  #entries = 0;
  #segments: number;

  constructor(options: BucketBackupOptions) {
    this.#options = options;
    this.#leftOut = new LeftOut(options.progress);
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const { writer, parents } = options;
    this.#earlier = new InterruptedSegments(writer.interrupted, {
      own: writer.id,
      parents: parents.map(({ id }) => id),
      decode: (line) => {
        const entry = decodeObject(line, writer.id);
        return entry.type === 'removed' ? undefined : entry;
      },
      compare: (left, right) => Buffer.compare(left, right),
    });
    this.#segments = this.#earlier.count;
  }

  async run(): Promise<Findings> {
    const { writer, progress, expectedEntries } = this.#options;
    progress.step('Back up objects', { amount: expectedEntries, unit: 'entries' });
    try {
      const note = () => JSON.stringify(this.#findings);
      await writer.writeMeta(objectIndexName, this.#indexLines(), note);
    } finally {
      this.#stop.abort();
    }
    return this.#findings;
  }

  get #findings(): Findings {
    const leftOut = this.#leftOut.counts;
    return {
      ...(leftOut ? { leftOut } : {}),
      time: this.#options.startedAt.toISOString(),
      problems: this.#problems,
      entries: this.#entries,
      segments: this.#segments,
    };
  }

  async *#indexLines(): AsyncGenerator<Buffer> {
    const { key, whole, segmentBytes, lanes, emptied } = this.#options;
    const header: ObjectIndexHeader = {
      format: 'holdfast-s3-index/1',
      key: key.base64,
      index: whole ? 'whole' : 'changes',
    };
    yield Buffer.from(`${JSON.stringify(header)}\n`);
    const work = batches(this.#changes(), segmentBytes, whole);
    const first = this.#earlier.greatestNumber + 1;
    const written = pMapIterable(work, (batch, number) => this.#store(batch, first + number), {
      concurrency: lanes,
      backpressure: lanes + 1,
    });
    for await (const lines of written) yield Buffer.from(lines);
    // Nothing of the backup can be used before its index is whole.
    if (this.#entries === 0 && emptied !== undefined)
      throw new HoldfastError('source-emptied', emptied);
  }

  async *#changes(): AsyncGenerator<ObjectChange> {
    const left = withInterrupted(
      objectChanges(this.#options, this.#leftOut, this.#signal),
      this.#earlier.entries(),
      (left, right) => Buffer.compare(left, right),
      sameObject,
    );
    for await (const change of left) {
      if (change.kind !== 'removed') {
        this.#entries += 1;
        this.#options.progress.advance(1);
      }
      yield change;
    }
  }

  async #store(batch: readonly ObjectChange[], segment: number): Promise<string> {
    const { writer } = this.#options;
    const encode = (entry: ObjectEntry | ObjectRemoval) => encodeObject(entry, writer.id);
    const wanted = batch.filter((change) => change.kind === 'store').map(({ entry }) => entry);
    if (wanted.length === 0) return indexLines(batch, [], encode, removalOf);
    await this.#loadContent();
    const packed: (ObjectEntry | undefined)[] = [];
    const chunks = packObjects(wanted, packed, {
      ...this.#options,
      backup: writer.id,
      segment,
      stored: this.#stored,
      signal: this.#signal,
      onProblem: (problem) => this.#problems.push(problem),
    });
    const packedLines = () => packed.map((entry) => entry && encode(entry));
    const first = await chunks.next();
    if (!first.done) {
      this.#segments += 1;
      this.#options.progress.advance(0, { segment });
      const archive = startingWith(first.value, chunks);
      await writer.writeObject(segmentName(segment), archive, () => packedLines().join(''));
    }
    return indexLines(batch, packedLines(), encode, removalOf);
  }

  /** What the chain holds is only looked up once something must be stored. */
  async #loadContent(): Promise<void> {
    this.#contentLoaded ??= (async () => {
      const { parents } = this.#options;
      if (parents.length > 0) await this.#remember(readObjects(parents, this.#signal));
      await this.#remember(this.#earlier.entries());
    })();
    await this.#contentLoaded;
  }

  async #remember(objects: AsyncGenerator<ObjectEntry>): Promise<void> {
    for await (const { digest, extents } of objects)
      if (digest && extents) this.#stored.add(digest, extents);
  }
}

async function* objectChanges(
  { bucket, filter, parents, verifyContent }: BucketBackupOptions,
  leftOut: LeftOut,
  signal: AbortSignal,
): AsyncGenerator<ObjectChange> {
  const previous = parents.length === 0 ? nothing() : readObjects(parents, signal);
  const pairs = pairUp(kept(bucket.list(signal), filter, leftOut), previous, (a, b) =>
    Buffer.compare(a, b),
  );
  for await (const { now, before } of pairs) {
    if (now && before && !verifyContent && sameObject(now, before))
      yield { kind: 'unchanged', entry: before };
    else if (now) yield { kind: 'store', entry: now, ...(before ? { previous: before } : {}) };
    else if (before) yield { kind: 'removed', removal: removalOf(before) };
  }
}

async function* kept(
  objects: AsyncGenerator<ObjectEntry>,
  filter: PathFilter,
  leftOut: LeftOut,
): AsyncGenerator<ObjectEntry> {
  for await (const object of objects)
    if (filter.keeps(object.path, false)) yield object;
    else leftOut.excluded();
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<never> {}
