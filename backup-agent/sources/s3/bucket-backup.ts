import { indexLines, type Change } from '../files/batches.ts';
import { IndexRun, type IndexedBackupOptions, type IndexedSource } from '../files/index-run.ts';
import type { Findings } from '../files/interrupted.ts';
import type { LeftOut } from '../files/left-out.ts';
import { pairUp } from '../files/merge-indexes.ts';
import type { PathFilter } from '../files/path-filter.ts';
import { segmentsOf } from '../files/parts.ts';
import { StoredContent } from '../files/stored-content.ts';
import type { BackupReader } from '../source.ts';
import type { Bucket } from './bucket.ts';
import { LargeObject, partBytesFor } from './large-object.ts';
import { removalOf, sameObject, type ObjectEntry, type ObjectRemoval } from './object-entry.ts';
import {
  decodeObject,
  encodeObject,
  objectIndexName,
  readObjects,
  type ObjectIndexHeader,
} from './object-index.ts';
import {
  packObjects,
  type ObjectCandidate,
  type ObjectPackerOptions,
  type PackedObject,
} from './object-packer.ts';

export interface BucketBackupOptions extends IndexedBackupOptions {
  readonly bucket: Bucket;
  readonly filter: PathFilter;
  readonly fetchesAtOnce: number;
  /** A larger object is stored in parts of this size. */
  readonly partBytes: number;
}

type ObjectChange = Change<ObjectEntry, ObjectRemoval>;

/** Writes new and changed objects as segments, and the index: see `IndexRun`. */
export async function backUpBucket(options: BucketBackupOptions): Promise<Findings> {
  return await new BucketBackup(options).run();
}

class BucketBackup implements IndexedSource<ObjectEntry, ObjectRemoval> {
  readonly title = 'Back up objects';
  readonly format: ObjectIndexHeader['format'] = 'holdfast-s3-index/1';
  readonly indexName = objectIndexName;
  readonly stored = new StoredContent(0);
  readonly compare = compareKeys;
  readonly uncounted = 0;
  readonly #options: BucketBackupOptions;
  readonly #run: IndexRun<ObjectEntry, ObjectRemoval>;

  constructor(options: BucketBackupOptions) {
    this.#options = options;
    this.#run = new IndexRun(options, this);
  }

  run(): Promise<Findings> {
    return this.#run.run();
  }

  decode(line: string): ObjectEntry | undefined {
    const entry = decodeObject(line, this.#options.writer.id);
    return entry.type === 'removed' ? undefined : entry;
  }

  isSame(now: ObjectEntry, earlier: ObjectEntry): boolean {
    return sameObject(now, earlier);
  }

  isSound(): boolean {
    return true;
  }

  readEntries(parents: readonly BackupReader[], signal: AbortSignal): AsyncGenerator<ObjectEntry> {
    return readObjects(parents, signal);
  }

  changes(signal: AbortSignal): AsyncIterable<ObjectChange> {
    return objectChanges(this.#options, this.#run.leftOut, signal);
  }

  segmentsOf(batch: readonly ObjectChange[]): number {
    const large = this.#largeObjectOf(batch);
    if (!large) return 1;
    const { sizeBytes } = large.entry;
    return segmentsOf(sizeBytes, partBytesFor(sizeBytes, this.#options.partBytes));
  }

  /** An object that is larger than a segment has a batch for itself. */
  #largeObjectOf(batch: readonly ObjectChange[]): ObjectCandidate | undefined {
    const [change, ...others] = batch;
    if (change?.kind !== 'store' || others.length > 0) return undefined;
    return change.entry.sizeBytes > this.#options.partBytes ? change : undefined;
  }

  async store(batch: readonly ObjectChange[], segment: number): Promise<string> {
    const { writer } = this.#options;
    const encode = (entry: ObjectEntry | ObjectRemoval) => encodeObject(entry, writer.id);
    const candidates = batch.filter((change) => change.kind === 'store');
    if (candidates.length === 0) return indexLines(batch, [], encode, removalOf);
    const packing: ObjectPackerOptions = {
      ...this.#options,
      backup: writer.id,
      segment,
      stored: this.stored,
      signal: this.#run.signal,
      onProblem: this.#run.report,
    };
    const large = this.#largeObjectOf(batch);
    if (large) {
      const object = await this.#storeLarge(large, packing, encode);
      return indexLines(batch, [object && encode(object)], encode, removalOf);
    }
    await this.#run.loadContent();
    const packed: PackedObject[] = [];
    const chunks = packObjects(candidates, packed, packing);
    const packedLines = () => packed.map((entry) => entry && encode(entry));
    await this.#run.write(segment, chunks, () => packedLines().join(''));
    return indexLines(batch, packedLines(), encode, removalOf);
  }

  async #storeLarge(
    large: ObjectCandidate,
    packing: ObjectPackerOptions,
    note: (begun: ObjectEntry) => string,
  ): Promise<PackedObject> {
    const { writer, partBytes } = this.#options;
    const onSegment = (number: number) => this.#run.beginSegment(number);
    return await new LargeObject(large, { ...packing, partBytes, writer, onSegment, note }).store();
  }
}

/** S3 lists in the order of the keys' bytes. */
function compareKeys(left: Buffer, right: Buffer): number {
  return Buffer.compare(left, right);
}

async function* objectChanges(
  { bucket, filter, parents, verifyContent }: BucketBackupOptions,
  leftOut: LeftOut,
  signal: AbortSignal,
): AsyncGenerator<ObjectChange> {
  const previous = parents.length === 0 ? nothing() : readObjects(parents, signal);
  const pairs = pairUp(kept(bucket.list(signal), filter, leftOut), previous, compareKeys);
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
    else leftOut.excluded(1);
}

async function* nothing(): AsyncGenerator<never> {}
