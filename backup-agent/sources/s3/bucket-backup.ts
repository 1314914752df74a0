import { pMapIterable } from 'p-map';
import type { Problem } from '../../errors/holdfast-error.ts';
import { batches, indexEntries, type Change } from '../files/batches.ts';
import type { ContentKey } from '../files/content-key.ts';
import { pairUp } from '../files/merge-indexes.ts';
import type { PathFilter } from '../files/path-filter.ts';
import { segmentName } from '../files/segment-name.ts';
import { StoredContent } from '../files/stored-content.ts';
import type { BackupReader, BackupWriter, Progress } from '../source.ts';
import type { Bucket } from './bucket.ts';
import { packObjects } from './object-packer.ts';
import { removalOf, sameObject, type ObjectEntry, type ObjectRemoval } from './object-entry.ts';
import {
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
  readonly writer: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface BucketBackupResult {
  readonly problems: readonly Problem[];
  readonly entries: number;
  readonly segments: number;
}

type ObjectChange = Change<ObjectEntry, ObjectRemoval>;

/** Writes new and changed objects as segments, and the index, whose lines drive it all. */
export async function backUpBucket(options: BucketBackupOptions): Promise<BucketBackupResult> {
  const { writer, lanes, segmentBytes, whole, key, progress } = options;
  const problems: Problem[] = [];
  const stored = new StoredContent(0);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let [entries, segments] = [0, 0];
  let contentLoaded: Promise<void> | undefined;

  async function store(batch: readonly ObjectChange[], number: number) {
    const wanted = batch.filter((change) => change.kind === 'store').map(({ entry }) => entry);
    if (wanted.length === 0) return [...indexEntries(batch, [], removalOf)];
    contentLoaded ??= loadContent(options.parents, stored, signal);
    await contentLoaded;
    const packed: (ObjectEntry | undefined)[] = [];
    const chunks = packObjects(wanted, packed, {
      ...options,
      backup: writer.id,
      segment: number + 1,
      stored,
      signal,
      onProblem: (problem) => problems.push(problem),
    });
    const first = await chunks.next();
    if (!first.done) {
      segments += 1;
      await writer.writeObject(segmentName(number + 1), startingWith(first.value, chunks));
    }
    return [...indexEntries(batch, packed, removalOf)];
  }

  async function* counted(): AsyncGenerator<ObjectChange> {
    for await (const change of objectChanges(options, signal)) {
      if (change.kind !== 'removed') entries += 1;
      yield change;
    }
  }

  async function* lines(): AsyncGenerator<Buffer> {
    const header: ObjectIndexHeader = {
      format: 'holdfast-s3-index/1',
      key: key.base64,
      index: whole ? 'whole' : 'changes',
    };
    yield Buffer.from(`${JSON.stringify(header)}\n`);
    const work = batches(counted(), segmentBytes, whole);
    const lane = { concurrency: lanes, backpressure: lanes + 1 };
    for await (const done of pMapIterable(work, store, lane))
      yield Buffer.from(done.map((entry) => encodeObject(entry, writer.id)).join(''));
  }

  progress.step('Back up objects');
  try {
    await writer.writeMeta(objectIndexName, lines());
  } finally {
    stop.abort();
  }
  return { problems, entries, segments };
}

async function* objectChanges(
  { bucket, filter, parents }: BucketBackupOptions,
  signal: AbortSignal,
): AsyncGenerator<ObjectChange> {
  const previous = parents.length === 0 ? nothing() : readObjects(parents, signal);
  const pairs = pairUp(kept(bucket.list(signal), filter), previous, (a, b) => Buffer.compare(a, b));
  for await (const { now, before } of pairs) {
    if (now && before && sameObject(now, before)) yield { kind: 'unchanged', entry: before };
    else if (now) yield { kind: 'store', entry: now, ...(before ? { previous: before } : {}) };
    else if (before) yield { kind: 'removed', removal: removalOf(before) };
  }
}

async function* kept(
  objects: AsyncGenerator<ObjectEntry>,
  filter: PathFilter,
): AsyncGenerator<ObjectEntry> {
  for await (const object of objects) if (filter.keeps(object.path, false)) yield object;
}

async function loadContent(
  parents: readonly BackupReader[],
  stored: StoredContent,
  signal: AbortSignal,
): Promise<void> {
  if (parents.length === 0) return;
  for await (const { digest, extents } of readObjects(parents, signal))
    if (digest && extents) stored.add(digest, extents);
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<never> {}
