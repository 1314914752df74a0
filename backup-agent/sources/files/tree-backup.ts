import type { BackupReader } from '../source.ts';
import { attributeReader, type ReadAttributes } from './attributes/attribute.ts';
import { attributesLeftOut } from './attributes/left-out.ts';
import { loadSystemCalls } from './attributes/system-calls.ts';
import { indexLines } from './batches.ts';
import { changes, removalOf, type FileChange } from './changes.ts';
import { comparePaths, type Entry, type Removal } from './entry.ts';
import { sameState } from './file-content.ts';
import { decodeEntry, type IndexHeader } from './index-format.ts';
import { encodeEntry } from './index-line.ts';
import { indexName, readTree } from './index-reader.ts';
import { IndexRun, type IndexedBackupOptions, type IndexedSource } from './index-run.ts';
import type { Findings } from './interrupted.ts';
import { LargeFile } from './large-file.ts';
import { LinkGroups } from './link-groups.ts';
import type { PathPatterns } from './path-filter.ts';
import { segmentsOf } from './parts.ts';
import {
  largeFileBytes,
  SegmentPacker,
  type Candidate,
  type Packed,
  type PackerOptions,
} from './segment-packer.ts';
import { StoredContent } from './stored-content.ts';
import { UnknownPaths } from './unknown-paths.ts';
import { walk } from './walk.ts';

export interface TreeBackupOptions extends IndexedBackupOptions {
  readonly root: Buffer;
  readonly patterns: PathPatterns;
  readonly oneFileSystem: boolean;
  /** Keeps extended attributes and ACLs, where the system can tell them. */
  readonly extendedAttributes: boolean;
  /** A larger file is stored in parts of this size. */
  readonly partBytes: number;
  /** As `walk`, elsewhere. */
  readonly walk?: typeof walk;
}

/** Writes what changed as segments, and the index: see `IndexRun`. */
export async function backUpTree(options: TreeBackupOptions): Promise<Findings> {
  return await new TreeBackup(options).run();
}

class TreeBackup implements IndexedSource<Entry, Removal> {
  readonly title = 'Back up files';
  readonly format: IndexHeader['format'] = 'holdfast-files-index/1';
  readonly indexName = indexName;
  readonly stored = new StoredContent(largeFileBytes);
  readonly compare = comparePaths;
  readonly uncounted = 1;
  readonly #options: TreeBackupOptions;
  readonly #run: IndexRun<Entry, Removal>;
  readonly #links = new LinkGroups();
  #readAttributes: ReadAttributes | undefined;

  constructor(options: TreeBackupOptions) {
    this.#options = options;
    this.#run = new IndexRun(options, this);
  }

  async run(): Promise<Findings> {
    this.#readAttributes = await this.#attributes();
    return await this.#run.run();
  }

  decode(line: string): Entry | undefined {
    const entry = decodeEntry(line, this.#options.writer.id);
    return entry.type === 'removed' ? undefined : entry;
  }

  /** Only what was read in one piece counts, and only as long as nothing says that it has changed. */
  isSame(now: Entry, earlier: Entry): boolean {
    return earlier.mark === undefined && sameState(now, earlier);
  }

  isSound({ sizeBytes, mark }: Entry): boolean {
    return sizeBytes > 0 && mark !== 'changed';
  }

  readEntries(parents: readonly BackupReader[], signal: AbortSignal): AsyncGenerator<Entry> {
    return readTree(parents, signal);
  }

  changes(signal: AbortSignal): AsyncIterable<FileChange> {
    const { root, patterns, oneFileSystem, verifyContent, parents } = this.#options;
    const walkTree = this.#options.walk ?? walk;
    const unknown = new UnknownPaths();
    return changes({
      walk: walkTree({
        root,
        oneFileSystem,
        patterns,
        signal,
        onProblem: this.#run.report,
        leftOut: this.#run.leftOut,
        onUnknown: (path) => unknown.add(path),
      }),
      previous: parents.length === 0 ? nothing() : readTree(parents, signal),
      unknown,
      verifyContent,
    });
  }

  segmentsOf(batch: readonly FileChange[]): number {
    const large = this.#largeFileOf(batch);
    return large ? segmentsOf(large.entry.sizeBytes, this.#options.partBytes) : 1;
  }

  async #attributes(): Promise<ReadAttributes | undefined> {
    const { root, extendedAttributes, progress } = this.#options;
    if (!extendedAttributes) return undefined;
    const leftOut = await attributesLeftOut(root, true);
    const system = await loadSystemCalls();
    if (leftOut === undefined) return system && attributeReader(system, this.#run.report);
    progress.note(`extended attributes and ACLs are not backed up: ${leftOut}`);
    return undefined;
  }

  /** A file that is larger than a segment has a batch for itself. */
  #largeFileOf(batch: readonly FileChange[]): Candidate | undefined {
    const [change, ...others] = batch;
    if (change?.kind !== 'store' || others.length > 0) return undefined;
    return change.entry.sizeBytes > this.#options.partBytes ? change : undefined;
  }

  async store(batch: readonly FileChange[], segment: number): Promise<string> {
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
    await this.#run.loadContent();
    let packed: (string | undefined)[] | undefined;
    const packedLines = () => (packed ??= packer.packed.map((entry) => entry && encode(entry)));
    await this.#run.write(segment, packer.pack(), () => packedLines().join(''));
    return indexLines(batch, packedLines(), encode, removalOf);
  }

  async #storeLarge(candidate: Candidate, segment: number): Promise<Packed> {
    const { partBytes, writer } = this.#options;
    const file = new LargeFile(candidate, {
      ...this.#packing(segment),
      partBytes,
      writer,
      onSegment: (number) => this.#run.beginSegment(number),
      note: (begun) => encodeEntry(begun, writer.id),
    });
    await this.#run.loadContent();
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
      stored: this.stored,
      links: this.#links,
      readAttributes: this.#readAttributes,
      signal: this.#run.signal,
      onProblem: this.#run.report,
      onBytes: (bytes) => progress.advance(0, { bytes }),
    };
  }
}

async function* nothing(): AsyncGenerator<never> {}
