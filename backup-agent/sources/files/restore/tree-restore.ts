import { constants, copyFileSync, linkSync } from 'node:fs';
import pMap from 'p-map';
import type { BackupReader, Progress } from '../../source.ts';
import type { ContentKey } from '../content-key.ts';
import { joinPath, showPath, type Entry } from '../entry.ts';
import { segmentName } from '../segment-name.ts';
import { errorCode } from '../system-errors.ts';
import { writeParts } from './file-in-parts.ts';
import { finishTree } from './finish-tree.ts';
import type { Metadata } from './metadata.ts';
import { Placement, type Decision } from './placement.ts';
import type { RestoreReport } from './report.ts';
import {
  addToPlan,
  isInParts,
  linkGroup,
  segmentKey,
  windows,
  type Content,
  type Destination,
  type SegmentPlan,
} from './restore-plan.ts';
import { readContents } from './segment-contents.ts';
import type { Selection } from './selection.ts';
import { StagedFile } from './staged-file.ts';
import type { Target } from './target.ts';
import { refusalCode } from './target-errors.ts';
import { ensureDirectory } from './target-path.ts';

export interface TreeRestoreOptions {
  readonly chain: readonly BackupReader[];
  readonly target: Target;
  readonly selection: Selection;
  readonly metadata: Metadata;
  readonly key: ContentKey;
  readonly report: RestoreReport;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly dryRun: boolean;
}

const segmentsAtOnce = 2;

/**
 * Passes over the index: directories and a count of files by segment; then, window by window, the
 * files of some segments; then links and the metadata of directories, from the inside out.
 */
export class TreeRestore {
  readonly #options: TreeRestoreOptions;
  readonly #placement: Placement;
  readonly #readers: ReadonlyMap<string, BackupReader>;

  constructor(options: TreeRestoreOptions) {
    const { target, key, chain } = options;
    this.#options = options;
    this.#placement = new Placement({
      target: target.root,
      into: target.into,
      resuming: target.resuming,
      suffix: `.restored-${chain.at(-1)?.id}`,
      key,
    });
    this.#readers = new Map(chain.map((reader) => [reader.id, reader]));
  }

  async run(): Promise<void> {
    const { dryRun, selection, target, metadata, report, progress } = this.#options;
    const { counts, bytes, inParts } = await this.#survey();
    progress.step('Restore files', { amount: bytes, unit: 'bytes' });
    await this.#restoreEmpty();
    for (const segments of windows(counts)) await this.#restoreWindow(segments);
    if (inParts) await this.#restoreInParts();
    if (dryRun) return;
    const placement = this.#placement;
    await finishTree({ selection, target, placement, metadata, report });
    report.notes.push(...metadata.notes);
  }

  async #survey(): Promise<{ counts: Map<string, number>; bytes: number; inParts: boolean }> {
    const { selection, report } = this.#options;
    const counts = new Map<string, number>();
    let bytes = 0;
    let inParts = false;
    for await (const entry of selection.entries((problem) => report.refused.push(problem))) {
      if (entry.type === 'directory') this.#makeDirectory(entry);
      else if (entry.type === 'file') {
        bytes += entry.sizeBytes;
        inParts ||= isInParts(entry);
        const segment = segmentKey(entry);
        if (segment !== undefined) counts.set(segment, (counts.get(segment) ?? 0) + 1);
      } else if (this.#options.dryRun) report.restored += 1;
    }
    return { counts, bytes, inParts };
  }

  #makeDirectory({ path }: Entry): void {
    const { dryRun, selection, target, report } = this.#options;
    try {
      if (!dryRun) ensureDirectory(joinPath(target.root, path));
      report.restored += 1;
    } catch (error) {
      const taken = errorCode(error) === 'EEXIST';
      const code = refusalCode(error);
      if (!taken && code === undefined) throw error;
      selection.bar(path);
      this.#refuse(
        path,
        taken
          ? 'finds something under its name that is no directory'
          : `cannot be made in the target: ${code}`,
      );
    }
  }

  #refuse(path: Buffer, what: string): void {
    this.#options.report.refused.push({ where: showPath(path), what });
  }

  /** Files without content are in no segment, and need no plan. */
  async #restoreEmpty(): Promise<void> {
    const firstNames = new Map<string, Destination>();
    for await (const entry of this.#options.selection.entries()) {
      if (entry.type !== 'file' || entry.sizeBytes > 0) continue;
      const destination = this.#accept(entry);
      if (!destination) continue;
      const twin = entry.linkTo && firstNames.get(linkGroup(entry));
      if (twin) this.#try(destination, () => this.#link(twin, destination));
      else {
        using staged = this.#stage([destination]);
        this.#finish(staged, [destination]);
        if (entry.linkTo) firstNames.set(linkGroup(entry), destination);
      }
    }
  }

  async #restoreWindow(segments: ReadonlySet<string>): Promise<void> {
    const plan: SegmentPlan = new Map();
    for await (const entry of this.#options.selection.entries()) {
      const segment = segmentKey(entry);
      if (segment === undefined || !segments.has(segment)) continue;
      const destination = this.#accept(entry);
      if (destination) addToPlan(plan, segment, destination);
    }
    await pMap(plan.values(), (contents) => this.#restoreSegment(contents), {
      concurrency: segmentsAtOnce,
      signal: this.#options.signal,
    });
  }

  /** Applies the policy; only what must be written comes back. */
  #accept(entry: Entry): Destination | undefined {
    const { report, dryRun } = this.#options;
    const decision: Decision = this.#placement.decide(entry);
    if (decision.do === 'refuse') this.#refuse(entry.path, decision.what);
    else if (decision.do === 'skip') report.skipped += 1;
    else if (decision.do === 'resumed') report.resumed += 1;
    else if (dryRun) {
      report.restored += 1;
      report.bytes += entry.sizeBytes;
    } else return { entry, path: decision.path };
    return undefined;
  }

  /** Files that are larger than a segment; the names and copies of one follow it. */
  async #restoreInParts(): Promise<void> {
    const byName = new Map<string, Destination>();
    const byDigest = new Map<string, Destination>();
    for await (const entry of this.#options.selection.entries()) {
      const { digest } = entry;
      if (digest === undefined || !isInParts(entry)) continue;
      const destination = this.#accept(entry);
      if (!destination) continue;
      const twin = byName.get(linkGroup(entry));
      const source = byDigest.get(digest);
      const isPlaced = twin
        ? this.#try(destination, () => this.#link(twin, destination))
        : source
          ? this.#try(destination, () => this.#copy(source, destination))
          : await this.#joinParts(destination);
      if (!isPlaced) continue;
      byDigest.set(digest, source ?? destination);
      if (!twin) byName.set(linkGroup(entry), destination);
    }
  }

  async #joinParts(destination: Destination): Promise<boolean> {
    const { target, key, signal, metadata } = this.#options;
    const { entry, path } = destination;
    for (;;) {
      using staged = new StagedFile(target.partsPath(path), entry, key, true);
      const fault = await writeParts(staged, entry, { readers: this.#readers, signal });
      if (fault === undefined && staged.finish(metadata))
        return this.#try(destination, () => {
          this.#placement.place(staged.path, path);
          staged.placed();
        });
      const wasKept = staged.keptBytes > 0;
      staged.discard();
      if (fault === undefined && wasKept) continue;
      this.#refuse(entry.path, fault ?? 'has content that does not match its digest');
      return false;
    }
  }

  async #restoreSegment(byPlace: Map<string, Content>): Promise<void> {
    const contents = [...byPlace.values()];
    const [extent] = contents[0]?.wanted[0]?.entry.extents ?? [];
    const reader = extent && this.#readers.get(extent.backup);
    const name = extent && segmentName(extent.segment);
    if (!reader || !name || !reader.objectNames.includes(name)) {
      this.#refuseAll(contents, 'has its content in a segment that does not exist');
      return;
    }
    const stream = await reader.readObject(name, this.#options.signal);
    await readContents(stream, contents, {
      open: (wanted) => this.#stage(wanted),
      close: (file, wanted) => {
        using staged = file;
        this.#finish(staged, wanted);
      },
      abandon: (file) => file[Symbol.dispose](),
      missing: (wanted) => this.#refuseAll([{ wanted }], 'has its content outside of its segment'),
    });
  }

  #refuseAll(contents: readonly { wanted: readonly Destination[] }[], what: string): void {
    for (const { wanted } of contents)
      for (const { entry } of wanted) this.#refuse(entry.path, what);
  }

  #stage([first]: Destination[]): StagedFile {
    if (!first) throw new Error('a content that nobody wants');
    const { target, key } = this.#options;
    return new StagedFile(target.stagedPath(), first.entry, key);
  }

  /** The content has arrived: into place with it, and with all others that have the same. */
  #finish(staged: StagedFile, wanted: readonly Destination[]): void {
    if (!staged.finish(this.#options.metadata)) {
      this.#refuseAll([{ wanted }], 'has content that does not match its digest');
      return;
    }
    const names = new Map<string, Destination>();
    let source: Destination | undefined;
    for (const destination of wanted) {
      const group = linkGroup(destination.entry);
      const twin = names.get(group);
      const placed = this.#try(destination, () => {
        if (twin) this.#link(twin, destination);
        else if (source) this.#copy(source, destination);
        else {
          this.#placement.place(staged.path, destination.path);
          staged.placed();
        }
      });
      if (!placed) continue;
      source ??= destination;
      if (!twin) names.set(group, destination);
    }
  }

  /** What the target's file system cannot take is refused, and the rest goes on. */
  #try({ entry }: Destination, place: () => void): boolean {
    const { report, progress } = this.#options;
    try {
      place();
    } catch (error) {
      const code = refusalCode(error);
      if (code === undefined) throw error;
      this.#refuse(entry.path, `cannot be made in the target: ${code}`);
      return false;
    }
    report.restored += 1;
    report.bytes += entry.sizeBytes;
    progress.advance(entry.sizeBytes);
    return true;
  }

  #link(from: Destination, to: Destination): void {
    const { target } = this.#options;
    const staged = target.stagedPath();
    linkSync(joinPath(target.root, from.path), staged);
    this.#placement.place(staged, to.path);
  }

  #copy(from: Destination, to: Destination): void {
    const { target } = this.#options;
    const staged = target.stagedPath();
    copyFileSync(
      joinPath(target.root, from.path),
      staged,
      constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE,
    );
    this.#options.metadata.setPath(staged, to.entry);
    this.#placement.place(staged, to.path);
  }
}
