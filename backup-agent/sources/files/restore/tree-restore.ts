import pMap from 'p-map';
import type { BackupReader, Progress } from '../../source.ts';
import type { ContentKey } from '../content-key.ts';
import { joinPath, type Entry } from '../entry.ts';
import { errorCode } from '../system-errors.ts';
import { writeParts } from './file-in-parts.ts';
import { finishTree } from './finish-tree.ts';
import type { Metadata } from './metadata.ts';
import { mayReplace, Placement, type Decision } from './placement.ts';
import type { RestoreReport } from './report.ts';
import {
  addToPlan,
  isInParts,
  largestWindow,
  linkGroup,
  segmentKey,
  windows,
  type PlannedContent,
  type Destination,
  type SegmentPlan,
} from './restore-plan.ts';
import type { SegmentAssistant } from './segment-assistant.ts';
import { SegmentRestorer } from './segment-restorer.ts';
import type { Selection } from './selection.ts';
import { StagedFile } from './staged-file.ts';
import type { Target } from './target.ts';
import { refusalCode } from './target-errors.ts';
import { assertDirectoryFits, ensureDirectory } from './target-path.ts';

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
  /** Restores segments in another thread. */
  readonly assistant: SegmentAssistant | undefined;
}

interface Survey {
  /** Files of each segment. */
  readonly counts: ReadonlyMap<string, number>;
  readonly bytes: number;
  /** Whether there are files without content, and such as are larger than a segment. */
  readonly empty: boolean;
  readonly inParts: boolean;
  /** Of all segments, where the tree is small enough and every file goes to its own name. */
  readonly plan: SegmentPlan | undefined;
}

type Lane = (contents: readonly PlannedContent[]) => Promise<void>;

/**
 * Passes over the index: directories and a count of files by segment; then, window by window, the
 * files of some segments; then links and the metadata of directories, from the inside out.
 */
export class TreeRestore {
  readonly #options: TreeRestoreOptions;
  readonly #placement: Placement;
  readonly #readers: ReadonlyMap<string, BackupReader>;
  readonly #restorer: SegmentRestorer;

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
    this.#restorer = new SegmentRestorer({
      ...options,
      readers: this.#readers,
      mayReplace: mayReplace(target),
    });
  }

  async run(): Promise<void> {
    const { dryRun, selection, target, metadata, report, progress } = this.#options;
    const { counts, bytes, empty, inParts, plan } = await this.#survey();
    progress.step('Restore files', { amount: bytes, unit: 'bytes' });
    if (empty) await this.#restoreEmpty();
    if (plan) await this.#restorePlanned(plan);
    else
      for (const segments of windows(counts))
        await this.#restorePlanned(await this.#plan(segments));
    if (inParts) await this.#restoreInParts();
    if (dryRun) return;
    const placement = this.#placement;
    await finishTree({ selection, target, placement, metadata, report });
    report.notes.push(...metadata.notes);
  }

  async #survey(): Promise<Survey> {
    const { selection, report, target, dryRun } = this.#options;
    const counts = new Map<string, number>();
    let bytes = 0;
    let empty = false;
    let inParts = false;
    let plan: SegmentPlan | undefined = dryRun || mayReplace(target) ? undefined : new Map();
    let planned = 0;
    const selected = selection.withLines((problem) => report.refused.push(problem));
    for await (const { entry, line } of selected) {
      if (entry.type === 'directory') this.#makeDirectory(entry);
      else if (entry.type === 'file') {
        bytes += entry.sizeBytes;
        empty ||= entry.sizeBytes === 0;
        inParts ||= isInParts(entry);
        const segment = segmentKey(entry);
        if (segment === undefined) continue;
        counts.set(segment, (counts.get(segment) ?? 0) + 1);
        if (++planned > largestWindow) plan = undefined;
        if (plan) addToPlan(plan, segment, { entry, path: entry.path }, line);
      } else if (dryRun) report.restored += 1;
    }
    return { counts, bytes, empty, inParts, plan };
  }

  #makeDirectory(entry: Entry): void {
    const { path } = entry;
    const { dryRun, selection, target, report } = this.#options;
    try {
      const ensure = dryRun ? assertDirectoryFits : ensureDirectory;
      ensure(joinPath(target.root, path));
      report.restored += 1;
    } catch (error) {
      const taken = errorCode(error) === 'EEXIST';
      const code = refusalCode(error);
      if (!taken && code === undefined) throw error;
      selection.bar(path);
      this.#restorer.refuse(
        entry,
        taken
          ? 'finds something under its name that is no directory'
          : `cannot be made in the target: ${code}`,
      );
    }
  }

  /** Files without content are in no segment, and need no plan. */
  async #restoreEmpty(): Promise<void> {
    const firstNames = new Map<string, Destination>();
    for await (const entry of this.#options.selection.entries()) {
      if (entry.type !== 'file' || entry.sizeBytes > 0) continue;
      const destination = this.#accept(entry);
      if (!destination) continue;
      const twin = entry.linkTo && firstNames.get(linkGroup(entry));
      if (twin) this.#restorer.link(twin, destination);
      else {
        this.#restorer.restoreEmpty(destination);
        if (entry.linkTo) firstNames.set(linkGroup(entry), destination);
      }
    }
  }

  async #restorePlanned(plan: SegmentPlan): Promise<void> {
    const lanes = this.#lanes();
    const { signal } = this.#options;
    await pMap(
      drained(plan),
      async (contents) => {
        const lane = lanes.pop() ?? this.#ownLane;
        await lane(contents);
        lanes.push(lane);
      },
      { concurrency: lanes.length, signal },
    );
  }

  /** What to take from each of the segments. */
  async #plan(segments: ReadonlySet<string>): Promise<SegmentPlan> {
    const plan: SegmentPlan = new Map();
    for await (const { entry, line } of this.#options.selection.withLines()) {
      const segment = segmentKey(entry);
      if (segment === undefined || !segments.has(segment)) continue;
      const destination = this.#accept(entry);
      if (destination) addToPlan(plan, segment, destination, line);
    }
    return plan;
  }

  /** Two segments at once, one of them in the other thread if there is one. */
  #lanes(): Lane[] {
    const { assistant, report, metadata } = this.#options;
    if (assistant === undefined) return [this.#ownLane, this.#ownLane];
    const assistantsLane: Lane = async (contents) => {
      const done = await assistant(contents);
      report.restored += done.restored;
      report.bytes += done.bytes;
      report.refused.push(...done.refused);
      for (const untaken of done.untaken) metadata.add(untaken);
    };
    // The last one is taken first.
    return [assistantsLane, this.#ownLane];
  }

  readonly #ownLane: Lane = (contents) => this.#restorer.restore(contents);

  /** Applies the policy; only what must be written comes back. */
  #accept(entry: Entry): Destination | undefined {
    const { report, dryRun } = this.#options;
    const decision: Decision = this.#placement.decide(entry);
    if (decision.do === 'refuse') this.#restorer.refuse(entry, decision.what);
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
        ? this.#restorer.link(twin, destination)
        : source
          ? this.#restorer.copy(source, destination)
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
        return this.#restorer.place(staged, destination);
      const wasKept = staged.keptBytes > 0;
      staged.discard();
      if (fault === undefined && wasKept) continue;
      this.#restorer.refuse(entry, fault ?? 'has content that does not match its digest');
      return false;
    }
  }
}

/** What to take from each segment, as it is asked for, and then no longer held here. */
function* drained(plan: SegmentPlan): Generator<PlannedContent[]> {
  for (const [segment, contents] of plan) {
    plan.delete(segment);
    yield [...contents.values()];
  }
}
