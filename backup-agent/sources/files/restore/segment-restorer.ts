import { constants, copyFileSync, linkSync } from 'node:fs';
import type { BackupReader, Progress } from '../../source.ts';
import type { ContentKey } from '../content-key.ts';
import { joinPath, showPath } from '../entry.ts';
import { segmentName } from '../segment-name.ts';
import { errorCode } from '../system-errors.ts';
import type { Metadata } from './metadata.ts';
import { nameTaken, placeNew, replace } from './placement.ts';
import type { RestoreReport } from './report.ts';
import { destinationOf, linkGroup, type Destination, type PlannedContent } from './restore-plan.ts';
import { readContents } from './segment-contents.ts';
import { StagedFile } from './staged-file.ts';
import type { Target } from './target.ts';
import { refusalCode } from './target-errors.ts';

export interface SegmentRestorerOptions {
  readonly readers: ReadonlyMap<string, BackupReader>;
  readonly target: Pick<Target, 'root' | 'stagedPath'>;
  /** Whether files may come in the place of others. */
  readonly mayReplace: boolean;
  readonly metadata: Metadata;
  readonly key: ContentKey;
  readonly report: RestoreReport;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Writes contents into files of the target, and tells the report what became of each. */
export class SegmentRestorer {
  readonly #options: SegmentRestorerOptions;

  constructor(options: SegmentRestorerOptions) {
    this.#options = options;
  }

  /** Everything that is wanted of one segment. Each destination is read from the plan when its turn comes. */
  async restore(contents: readonly PlannedContent[]): Promise<void> {
    const { readers, signal } = this.#options;
    const [first] = contents[0]?.wanted ?? [];
    const [extent] = (first && destinationOf(first).entry.extents) ?? [];
    const reader = extent && readers.get(extent.backup);
    const name = extent && segmentName(extent.segment);
    if (!reader || !name || !reader.objectNames.includes(name)) {
      for (const { wanted } of contents)
        this.#refuseAll(
          wanted.map(destinationOf),
          'has its content in a segment that does not exist',
        );
      return;
    }
    const stream = await reader.readObject(name, signal);
    await readContents(stream, contents, {
      open: (planned) => {
        const wanted = planned.map(destinationOf);
        const staged = this.#stage(wanted);
        return { staged, wanted, write: (chunk) => staged.write(chunk) };
      },
      close: ({ staged: file, wanted }) => {
        using staged = file;
        this.#finish(staged, wanted);
      },
      abandon: ({ staged }) => staged[Symbol.dispose](),
      missing: (planned) =>
        this.#refuseAll(planned.map(destinationOf), 'has its content outside of its segment'),
    });
  }

  restoreEmpty(destination: Destination): void {
    using staged = this.#stage([destination]);
    this.#finish(staged, [destination]);
  }

  refuse({ path }: Destination['entry'], what: string): void {
    this.#options.report.refused.push({ where: showPath(path), what });
  }

  #refuseAll(destinations: readonly Destination[], what: string): void {
    for (const { entry } of destinations) this.refuse(entry, what);
  }

  #stage([first]: readonly Destination[]): StagedFile {
    if (!first) throw new Error('a content that nobody wants');
    const { target, key } = this.#options;
    return new StagedFile(target.stagedPath(), first.entry, key);
  }

  /** The content has arrived: into place with it, and with all others that have the same. */
  #finish(staged: StagedFile, wanted: readonly Destination[]): void {
    if (!staged.finish(this.#options.metadata)) {
      this.#refuseAll(wanted, 'has content that does not match its digest');
      return;
    }
    const names = new Map<string, Destination>();
    let source: Destination | undefined;
    for (const destination of wanted) {
      const group = linkGroup(destination.entry);
      const twin = names.get(group);
      const placed = twin
        ? this.link(twin, destination)
        : source
          ? this.copy(source, destination)
          : this.place(staged, destination);
      if (!placed) continue;
      source ??= destination;
      if (!twin) names.set(group, destination);
    }
  }

  /** A finished file gets its name. Returns whether the target took it, as do the next two. */
  place(staged: StagedFile, destination: Destination): boolean {
    return this.#try(destination, (place) => {
      place(staged.path);
      staged.placed();
    });
  }

  link(from: Destination, to: Destination): boolean {
    return this.#try(to, (place, root) => {
      const staged = this.#options.target.stagedPath();
      linkSync(joinPath(root, from.path), staged);
      place(staged);
    });
  }

  copy(from: Destination, to: Destination): boolean {
    return this.#try(to, (place, root) => {
      const staged = this.#options.target.stagedPath();
      const mode = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
      copyFileSync(joinPath(root, from.path), staged, mode);
      this.#options.metadata.setPath(staged, to.entry);
      place(staged);
    });
  }

  /** What the target's file system cannot take is refused, and the rest goes on. */
  #try(
    { entry, path }: Destination,
    work: (place: (staged: Buffer) => void, root: Buffer) => void,
  ): boolean {
    const { report, progress, target, mayReplace } = this.#options;
    const { root } = target;
    const placeAt = mayReplace ? replace : placeNew;
    try {
      work((staged) => placeAt(root, staged, path), root);
    } catch (error) {
      const code = refusalCode(error);
      const isTaken = errorCode(error) === 'EEXIST';
      if (code === undefined && !isTaken) throw error;
      this.refuse(entry, isTaken ? nameTaken : `cannot be made in the target: ${code}`);
      return false;
    }
    report.restored += 1;
    report.bytes += entry.sizeBytes;
    progress.advance(entry.sizeBytes);
    return true;
  }
}
