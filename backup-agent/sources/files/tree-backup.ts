import { pMapIterable } from 'p-map';
import { HoldfastError, type Problem } from '../../errors/holdfast-error.ts';
import type { BackupReader, BackupWriter, Progress } from '../source.ts';
import { attributeReader, type ReadAttributes } from './attributes/attribute.ts';
import { attributesLeftOut } from './attributes/left-out.ts';
import { loadSystemCalls } from './attributes/system-calls.ts';
import { batches, indexLines } from './batches.ts';
import { changes, removalOf, type FileChange } from './changes.ts';
import type { ContentKey } from './content-key.ts';
import { comparePaths, type Entry } from './entry.ts';
import { sameState } from './file-content.ts';
import { decodeEntry, encodeEntry, type IndexHeader } from './index-format.ts';
import { indexName, readTree } from './index-reader.ts';
import { InterruptedSegments, isBegun, withInterrupted, type Findings } from './interrupted.ts';
import { LeftOut } from './left-out.ts';
import { LargeFile, segmentsOf } from './large-file.ts';
import { LinkGroups } from './link-groups.ts';
import { PathFilter, type PathPatterns } from './path-filter.ts';
import {
  largeFileBytes,
  SegmentPacker,
  type Candidate,
  type Packed,
  type PackerOptions,
} from './segment-packer.ts';
import { segmentName } from './segment-name.ts';
import { StoredContent } from './stored-content.ts';
import { UnknownPaths } from './unknown-paths.ts';
import { walk } from './walk.ts';

export interface TreeBackupOptions {
  readonly root: Buffer;
  readonly patterns: PathPatterns;
  readonly oneFileSystem: boolean;
  /** Keeps extended attributes and ACLs, where the system can tell them. */
  readonly extendedAttributes: boolean;
  readonly segmentBytes: number;
  /** A larger file is stored in parts of this size. */
  readonly partBytes: number;
  readonly verifyContent: boolean;
  readonly lanes: number;
  /** Whether the index to write names every entry, or only what changed. */
  readonly whole: boolean;
  /** The chain this backup builds on; empty for a full. */
  readonly parents: readonly BackupReader[];
  readonly key: ContentKey;
  /** When the walk began. */
  readonly startedAt: Date;
  readonly writer: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** What is wrong when there is no entry at all; nothing where there may be none. */
  readonly emptied: string | undefined;
  /** Entries of the last backup, for progress; 0 when there is none. */
  readonly expectedEntries: number;
}

/**
 * Writes what changed as segments, and the index. The index's lines are what drives it all: each
 * waits for its batch, and batches are packed `lanes` at once. What an interrupted run of the same
 * backup has packed, and is still as it was, stays in the segments of that run.
 */
export async function backUpTree(options: TreeBackupOptions): Promise<Findings> {
  return await new TreeBackup(options).run();
}

class TreeBackup {
  readonly #options: TreeBackupOptions;
  readonly #problems: Problem[] = [];
  readonly #stored = new StoredContent(largeFileBytes);
  readonly #leftOut: LeftOut;
  readonly #links = new LinkGroups();
  readonly #unknown = new UnknownPaths();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #earlier: InterruptedSegments<Entry>;
  #contentLoaded: Promise<void> | undefined;
  #readAttributes: ReadAttributes | undefined;
  #entries = 0;
  #segments = 0;

  constructor(options: TreeBackupOptions) {
    this.#options = options;
    this.#leftOut = new LeftOut(options.progress);
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const { writer, parents } = options;
    this.#earlier = new InterruptedSegments(writer.interrupted, {
      own: writer.id,
      parents: parents.map(({ id }) => id),
      decode: (line) => {
        const entry = decodeEntry(line, writer.id);
        return entry.type === 'removed' ? undefined : entry;
      },
      compare: comparePaths,
    });
    this.#segments = this.#earlier.count;
  }

  async run(): Promise<Findings> {
    const { writer, progress, expectedEntries } = this.#options;
    this.#readAttributes = await this.#attributes();
    progress.step('Back up files', { amount: expectedEntries, unit: 'entries' });
    try {
      await writer.writeMeta(indexName, this.#indexLines(), () => JSON.stringify(this.#findings));
    } finally {
      this.#stop.abort();
    }
    return this.#findings;
  }

  async #attributes(): Promise<ReadAttributes | undefined> {
    const { root, extendedAttributes, progress } = this.#options;
    if (!extendedAttributes) return undefined;
    const leftOut = await attributesLeftOut(root, true);
    const system = await loadSystemCalls();
    if (leftOut === undefined) return system && attributeReader(system, this.#report);
    progress.note(`extended attributes and ACLs are not backed up: ${leftOut}`);
    return undefined;
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
    const header: IndexHeader = {
      format: 'holdfast-files-index/1',
      key: key.base64,
      index: whole ? 'whole' : 'changes',
    };
    yield Buffer.from(`${JSON.stringify(header)}\n`);
    const work = this.#numbered(batches(this.#changes(), segmentBytes, whole));
    const written = pMapIterable(work, ({ batch, segment }) => this.#store(batch, segment), {
      concurrency: lanes,
      backpressure: lanes + 1,
    });
    for await (const lines of written) yield Buffer.from(lines);
    // Nothing of the backup can be used before its index is whole.
    if (this.#entries === 0 && emptied !== undefined)
      throw new HoldfastError('source-emptied', emptied);
  }

  /** Numbers ascend with the paths, whatever is packed first. */
  async *#numbered(work: AsyncIterable<readonly FileChange[]>) {
    let segment = this.#earlier.greatestNumber + 1;
    for await (const batch of work) {
      yield { batch, segment };
      const large = this.#largeFileOf(batch);
      segment += large ? segmentsOf(large.entry.sizeBytes, this.#options.partBytes) : 1;
    }
  }

  /** A file that is larger than a segment has a batch for itself. */
  #largeFileOf(batch: readonly FileChange[]): Candidate | undefined {
    const [change, ...others] = batch;
    if (change?.kind !== 'store' || others.length > 0) return undefined;
    return change.entry.sizeBytes > this.#options.partBytes ? change : undefined;
  }

  async *#changes() {
    const { root, patterns, oneFileSystem, verifyContent, parents } = this.#options;
    const all = changes({
      walk: walk({
        root,
        oneFileSystem,
        filter: new PathFilter(patterns),
        signal: this.#signal,
        onProblem: this.#report,
        leftOut: this.#leftOut,
        onUnknown: (path) => this.#unknown.add(path),
      }),
      previous: parents.length === 0 ? nothing() : readTree(parents, this.#signal),
      unknown: this.#unknown,
      verifyContent,
    });
    const left = withInterrupted(all, this.#earlier.entries(), comparePaths, isStillSame);
    for await (const change of left) {
      if (change.kind !== 'removed') {
        this.#entries += 1;
        this.#options.progress.advance(1);
      }
      yield change;
    }
    this.#entries -= 1;
  }

  readonly #report = (problem: Problem): void => {
    this.#problems.push(problem);
  };

  async #store(batch: readonly FileChange[], segment: number): Promise<string> {
    const encode = (entry: Parameters<typeof encodeEntry>[0]) =>
      encodeEntry(entry, this.#options.writer.id);
    const candidates = batch.filter((change) => change.kind === 'store');
    if (candidates.length === 0) return indexLines(batch, [], encode, removalOf);
    const large = this.#largeFileOf(batch);
    if (large) {
      const packed = await this.#storeLarge(large, segment);
      return indexLines(batch, [packed && encode(packed)], encode, removalOf);
    }
    const packer = this.#packer(candidates, segment);
    await this.#loadContent();
    let packed: (string | undefined)[] | undefined;
    const packedLines = () => (packed ??= packer.packed.map((entry) => entry && encode(entry)));
    await this.#write(packer, segment, () => packedLines().join(''));
    return indexLines(batch, packedLines(), encode, removalOf);
  }

  async #storeLarge(candidate: Candidate, segment: number): Promise<Packed> {
    const { partBytes, writer } = this.#options;
    const file = new LargeFile(candidate, {
      ...this.#packing(segment),
      partBytes,
      writer,
      onSegment: (number) => this.#beginSegment(number),
      note: (begun) => encodeEntry(begun, writer.id),
    });
    await this.#loadContent();
    return await file.store();
  }

  #packer(candidates: readonly Candidate[], segment: number): SegmentPacker {
    return new SegmentPacker(candidates, this.#packing(segment));
  }

  #packing(segment: number): PackerOptions {
    const { root, key, writer, progress } = this.#options;
    return {
      root,
      segment,
      key,
      backup: writer.id,
      stored: this.#stored,
      links: this.#links,
      readAttributes: this.#readAttributes,
      signal: this.#signal,
      onProblem: this.#report,
      onBytes: (bytes) => progress.advance(0, { bytes }),
    };
  }

  #beginSegment(segment: number): void {
    this.#segments += 1;
    this.#options.progress.advance(0, { segment });
  }

  async #write(packer: SegmentPacker, segment: number, note: () => string): Promise<void> {
    const chunks = packer.pack();
    const first = await chunks.next();
    if (first.done) return;
    this.#beginSegment(segment);
    const archive = startingWith(first.value, chunks);
    await this.#options.writer.writeObject(segmentName(segment), archive, note);
  }

  /** What the chain holds is only looked up once something must be stored. */
  async #loadContent(): Promise<void> {
    this.#contentLoaded ??= (async () => {
      const { parents } = this.#options;
      if (parents.length > 0) await this.#remember(readTree(parents, this.#signal));
      await this.#remember(this.#earlier.entries());
    })();
    await this.#contentLoaded;
  }

  async #remember(entries: AsyncGenerator<Entry>): Promise<void> {
    for await (const { digest, extents, sizeBytes, mark } of entries)
      if (digest && extents && sizeBytes > 0 && mark !== 'changed' && !isBegun({ digest }))
        this.#stored.add(digest, extents);
  }
}

/** Only what was read in one piece counts, and only as long as nothing says that it has changed. */
function isStillSame(now: Entry, earlier: Entry): boolean {
  return earlier.mark === undefined && sameState(now, earlier);
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<never> {}
