import { pMapIterable } from 'p-map';
import type { Problem } from '../../errors/holdfast-error.ts';
import type { BackupReader, BackupWriter, Progress } from '../source.ts';
import { batches, indexEntries } from './batches.ts';
import { changes, removalOf, type FileChange } from './changes.ts';
import type { ContentKey } from './content-key.ts';
import type { Entry, Removal } from './entry.ts';
import { encodeEntry, type IndexHeader } from './index-format.ts';
import { indexName, readTree } from './index-reader.ts';
import { LinkGroups } from './link-groups.ts';
import { PathFilter, type PathPatterns } from './path-filter.ts';
import { largeFileBytes, SegmentPacker, type Candidate } from './segment-packer.ts';
import { segmentName } from './segment-name.ts';
import { StoredContent } from './stored-content.ts';
import { UnknownPaths } from './unknown-paths.ts';
import { walk } from './walk.ts';

export interface TreeBackupOptions {
  readonly root: Buffer;
  readonly patterns: PathPatterns;
  readonly oneFileSystem: boolean;
  readonly segmentBytes: number;
  readonly verifyContent: boolean;
  readonly lanes: number;
  /** Whether the index to write names every entry, or only what changed. */
  readonly whole: boolean;
  /** The chain this backup builds on; empty for a full. */
  readonly parents: readonly BackupReader[];
  readonly key: ContentKey;
  readonly writer: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface TreeBackupResult {
  readonly problems: readonly Problem[];
  /** In the tree, apart from its root. */
  readonly entries: number;
  readonly segments: number;
}

/**
 * Writes what changed as segments, and the index. The index's lines are what drives it all: each
 * waits for its batch, and batches are packed `lanes` at once.
 */
export async function backUpTree(options: TreeBackupOptions): Promise<TreeBackupResult> {
  return await new TreeBackup(options).run();
}

class TreeBackup {
  readonly #options: TreeBackupOptions;
  readonly #problems: Problem[] = [];
  readonly #stored = new StoredContent(largeFileBytes);
  readonly #links = new LinkGroups();
  readonly #unknown = new UnknownPaths();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #contentLoaded: Promise<void> | undefined;
  #entries = 0;
  #segments = 0;

  constructor(options: TreeBackupOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  async run(): Promise<TreeBackupResult> {
    const { writer, progress } = this.#options;
    progress.step('Back up files');
    try {
      await writer.writeMeta(indexName, this.#indexLines());
    } finally {
      this.#stop.abort();
    }
    return { problems: this.#problems, entries: this.#entries, segments: this.#segments };
  }

  async *#indexLines(): AsyncGenerator<Buffer> {
    const { key, whole, segmentBytes, lanes, writer } = this.#options;
    const header: IndexHeader = {
      format: 'holdfast-files-index/1',
      key: key.base64,
      index: whole ? 'whole' : 'changes',
    };
    yield Buffer.from(`${JSON.stringify(header)}\n`);
    const work = batches(this.#changes(), segmentBytes, whole);
    const written = pMapIterable(work, (batch, number) => this.#store(batch, number), {
      concurrency: lanes,
      backpressure: lanes + 1,
    });
    for await (const entries of written) {
      const lines: string[] = [];
      for (const entry of entries) lines.push(encodeEntry(entry, writer.id));
      yield Buffer.from(lines.join(''));
    }
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
        onUnknown: (path) => this.#unknown.add(path),
      }),
      previous: parents.length === 0 ? nothing() : readTree(parents, this.#signal),
      unknown: this.#unknown,
      verifyContent,
    });
    for await (const change of all) {
      if (change.kind !== 'removed') this.#entries += 1;
      yield change;
    }
    this.#entries -= 1;
  }

  readonly #report = (problem: Problem): void => {
    this.#problems.push(problem);
  };

  async #store(
    batch: readonly FileChange[],
    number: number,
  ): Promise<readonly (Entry | Removal)[]> {
    const candidates = batch.filter((change) => change.kind === 'store');
    if (candidates.length === 0) return [...indexEntries(batch, [], removalOf)];
    const packer = this.#packer(candidates, number + 1);
    await this.#loadContent();
    await this.#write(packer, number + 1);
    return [...indexEntries(batch, packer.packed, removalOf)];
  }

  #packer(candidates: readonly Candidate[], segment: number): SegmentPacker {
    const { root, key, writer, progress } = this.#options;
    return new SegmentPacker(candidates, {
      root,
      segment,
      key,
      backup: writer.id,
      stored: this.#stored,
      links: this.#links,
      signal: this.#signal,
      onProblem: this.#report,
      onBytes: (count) => progress.advance(count),
    });
  }

  async #write(packer: SegmentPacker, segment: number): Promise<void> {
    const chunks = packer.pack();
    const first = await chunks.next();
    if (first.done) return;
    this.#segments += 1;
    await this.#options.writer.writeObject(segmentName(segment), startingWith(first.value, chunks));
  }

  /** What the chain holds is only looked up once something must be stored. */
  async #loadContent(): Promise<void> {
    this.#contentLoaded ??= (async () => {
      const { parents } = this.#options;
      if (parents.length === 0) return;
      for await (const { digest, extents, sizeBytes, mark } of readTree(parents, this.#signal))
        if (digest && extents && sizeBytes > 0 && mark !== 'changed')
          this.#stored.add(digest, extents);
    })();
    await this.#contentLoaded;
  }
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* nothing(): AsyncGenerator<never> {}
