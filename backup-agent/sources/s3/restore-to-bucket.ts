import { Readable } from 'node:stream';
import pMap from 'p-map';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { ContentKey } from '../files/content-key.ts';
import { showPath } from '../files/entry.ts';
import { emptyReport, type RestoreReport } from '../files/restore/report.ts';
import { readContents, type WantedContent } from '../files/restore/segment-contents.ts';
import { onTarget } from '../files/restore/target-errors.ts';
import { segmentName } from '../files/segment-name.ts';
import type { BackupReader, Progress } from '../source.ts';
import { lengthOf } from '../files/parts.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectEntry } from './object-entry.ts';
import type { OnBadLine } from '../files/index-reader.ts';
import { contentKey, readObjects } from './object-index.ts';
import { digestFault, restoreInParts, type RestoredInParts } from './restore-in-parts.ts';
import { Spool, type SpooledContent } from './spool.ts';
import { UnfinishedUploads } from './unfinished-uploads.ts';

export interface RestoreToBucketOptions {
  /** The full first; the objects as of the last one are restored. */
  readonly chain: readonly BackupReader[];
  readonly bucket: Bucket;
  /** Only this object, and those whose keys go on behind it and a slash. */
  readonly path?: string;
  /** Lets the bucket hold something already: what has an object's key stays, or is superseded. */
  readonly into?: 'skip' | 'overwrite';
  /** Where contents lie between their segment and the bucket: as much as one segment holds. */
  readonly scratchDirectory: string;
  /** Where it is remembered which uploads are unfinished, for a run that goes on. */
  readonly uploadsDirectory: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Plans are held in memory for so many objects; more take several passes over the index. */
const largestWindow = 50_000;
const putsAtOnce = 8;

/**
 * Restores objects with their content types, metadata and tags. Throws `target-not-empty` unless
 * there is nothing under the bucket's prefix or `into` is given. A content is uploaded only once its
 * digest is checked; what cannot be restored is in the report. Run again with `into: 'skip'`, an
 * interrupted restore goes on, and fetches no segment whose objects are all there.
 */
export async function restoreToBucket(options: RestoreToBucketOptions): Promise<RestoreReport> {
  const { chain, bucket, signal, into, progress, scratchDirectory } = options;
  const last = chain.at(-1);
  if (!last) throw new TypeError('a restore needs a backup');
  await assertTakes(bucket, into, signal);
  const report = emptyReport();
  const key = await contentKey(last, signal);
  let amount = 0;
  for await (const { sizeBytes } of selected(options)) amount += sizeBytes;
  progress.step('Restore objects', { amount, unit: 'bytes' });
  const run = new BucketRestore(options, key, report);
  await onTarget(scratchDirectory, async () => {
    for await (const window of windows(options, report)) await run.restore(window);
  });
  if (options.path && report.restored + report.skipped + report.refused.length === 0)
    throw new HoldfastError('path-unknown', `backup ${last.id} holds nothing at ${options.path}`);
  return report;
}

/** Throws `target-not-empty` where it holds something and nothing says what to do with that. */
export async function assertTakes(
  bucket: Bucket,
  into: RestoreToBucketOptions['into'],
  signal: AbortSignal,
): Promise<void> {
  const objects = bucket.list(signal);
  const first = await objects.next();
  await objects.return(undefined);
  if (first.done || into) return;
  throw new HoldfastError('target-not-empty', `${bucket.location} is not empty`, {
    hint: 'name a bucket or a prefix that is empty, or add --into skip (to go on, too) or --into overwrite',
  });
}

async function* selected(
  { chain, path = '', signal }: RestoreToBucketOptions,
  onBadLine: OnBadLine = () => undefined,
): AsyncGenerator<ObjectEntry> {
  const only = Buffer.from(path);
  const within = Buffer.from(path === '' || path.endsWith('/') ? path : `${path}/`);
  for await (const entry of readObjects(chain, signal, onBadLine))
    if (entry.path.equals(only) || entry.path.subarray(0, within.length).equals(within))
      yield entry;
}

/** With `skip`, objects that are in the bucket are left out by one listing, without a request each. */
async function* windows(
  options: RestoreToBucketOptions,
  report: RestoreReport,
): AsyncGenerator<readonly ObjectEntry[]> {
  const { bucket, into, signal, progress } = options;
  const refuse = (where: string, what: string) => report.refused.push({ where, what });
  const there = bucket.list(signal);
  let head = into === 'skip' ? await there.next() : undefined;
  let window: ObjectEntry[] = [];
  for await (const entry of selected(options, refuse)) {
    while (head && !head.done && Buffer.compare(head.value.path, entry.path) < 0)
      head = await there.next();
    if (head && !head.done && head.value.path.equals(entry.path)) {
      report.skipped += 1;
      progress.advance(entry.sizeBytes);
      continue;
    }
    window.push(entry);
    if (window.length < largestWindow) continue;
    yield window;
    window = [];
  }
  await there.return(undefined);
  yield window;
}

class BucketRestore {
  readonly #options: RestoreToBucketOptions;
  readonly #key: ContentKey;
  readonly #report: RestoreReport;
  readonly #readers: ReadonlyMap<string, BackupReader>;
  readonly #uploads: UnfinishedUploads;

  constructor(options: RestoreToBucketOptions, key: ContentKey, report: RestoreReport) {
    this.#options = options;
    this.#key = key;
    this.#report = report;
    const { chain, bucket, uploadsDirectory } = options;
    this.#readers = new Map(chain.map((reader) => [reader.id, reader]));
    const restore = `${chain.at(-1)?.id} ${bucket.location}`;
    this.#uploads = new UnfinishedUploads(uploadsDirectory, restore);
  }

  async restore(objects: readonly ObjectEntry[]): Promise<void> {
    const segments = new Map<string, ObjectEntry[]>();
    const inParts: ObjectEntry[] = [];
    for (const object of objects) {
      const { sizeBytes, extents = [] } = object;
      const [extent] = extents;
      if (sizeBytes !== lengthOf(extents))
        this.#refuse([object], 'has content of another size than its own');
      else if (extents.length > 1) inParts.push(object);
      else {
        const name = extent ? `${extent.backup}/${extent.segment}` : '';
        const same = segments.get(name);
        if (same) same.push(object);
        else segments.set(name, [object]);
      }
    }
    for (const [name, members] of segments)
      if (name === '') await this.#putAll(members, () => Readable.from([]));
      else await this.#restoreSegment(members);
    for (const object of inParts) await this.#restoreInParts(object);
  }

  async #restoreInParts(object: ObjectEntry): Promise<void> {
    const outcome = await restoreInParts(object, {
      ...this.#options,
      readers: this.#readers,
      key: this.#key,
      uploads: this.#uploads,
      replace: this.#options.into === 'overwrite',
    });
    this.#count(object, outcome);
  }

  #count(object: ObjectEntry, outcome: RestoredInParts): void {
    if (outcome === 'stored') {
      this.#report.restored += 1;
      this.#report.bytes += object.sizeBytes;
    } else if (outcome !== 'exists') this.#refuse([object], outcome);
    else if (this.#options.into === 'skip') this.#report.skipped += 1;
    else this.#refuse([object], 'finds another object under its key');
  }

  #refuse(objects: readonly ObjectEntry[], what: string): void {
    for (const { path } of objects) this.#report.refused.push({ where: showPath(path), what });
  }

  async #restoreSegment(objects: readonly ObjectEntry[]): Promise<void> {
    const { signal } = this.#options;
    const extent = objects[0]?.extents?.[0];
    const reader = extent && this.#readers.get(extent.backup);
    const name = extent ? segmentName(extent.segment) : '';
    if (!reader?.objectNames.includes(name)) {
      this.#refuse(objects, 'has its content in a segment that does not exist');
      return;
    }
    const arrived: { content: SpooledContent; wanted: ObjectEntry[] }[] = [];
    using spool = new Spool(this.#options.scratchDirectory);
    await readContents(await reader.readObject(name, signal), contentsOf(objects), {
      open: () => spool.begin(this.#key),
      close: (content, wanted) => {
        if (content.digest() === wanted[0]?.digest) arrived.push({ content, wanted });
        else this.#refuse(wanted, digestFault);
      },
      abandon: () => undefined,
      missing: (wanted) => this.#refuse(wanted, 'has its content outside of its segment'),
    });
    await pMap(
      arrived,
      async ({ content, wanted }) => await this.#putAll(wanted, () => spool.read(content)),
      { concurrency: putsAtOnce, signal },
    );
  }

  async #putAll(objects: readonly ObjectEntry[], open: () => Readable): Promise<void> {
    const { bucket, into, signal, progress } = this.#options;
    for (const object of objects) {
      const outcome = await bucket.put(object, open, { replace: into === 'overwrite', signal });
      this.#count(object, outcome);
      if (outcome === 'stored') progress.advance(object.sizeBytes);
    }
  }
}

function contentsOf(objects: readonly ObjectEntry[]): WantedContent<ObjectEntry[]>[] {
  const contents = new Map<string, WantedContent<ObjectEntry[]>>();
  for (const object of objects) {
    const [extent] = object.extents ?? [];
    if (!extent) continue;
    const place = `${extent.offset}+${extent.length}`;
    const content = contents.get(place);
    if (content) content.wanted.push(object);
    else contents.set(place, { offset: extent.offset, length: extent.length, wanted: [object] });
  }
  return [...contents.values()];
}
