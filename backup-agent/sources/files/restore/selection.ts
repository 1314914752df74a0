import type { Problem } from '../../../errors/holdfast-error.ts';
import { isWithin, showPath, type Entry } from '../entry.ts';
import type { OnBadLine } from '../index-reader.ts';
import { EntryGate } from './target-path.ts';

export type ReadTree = (onBadLine: OnBadLine) => AsyncGenerator<Entry>;

export interface SelectionOptions {
  /** The tree to restore, in the order of a walk; read once for each pass. */
  readonly read: ReadTree;
  /** This entry, what lies in it, and the directories above it; all without. */
  readonly path?: Buffer;
  readonly foldCase: boolean;
  /** Names of the target's top that belong to the restore itself. */
  readonly reserved: Buffer;
  /** Entries of a tree that is kept instead of read anew; `mostKept` unless told. */
  readonly mostKept?: number;
}

/** Half of what a restore plans at once, so that keeping them takes less memory than a plan. */
const mostKept = 50_000;

/**
 * The entries that may be restored. The first pass reads the index and keeps them; of a larger tree
 * each pass reads the index again, so that memory does not grow with it. Refusals are told on the
 * first pass only.
 */
export class Selection {
  readonly #options: SelectionOptions;
  /** Directories that the target cannot have, as latin1. */
  readonly #barred = new Set<string>();
  /** All entries, once a pass has come to its end with no more than may be kept. */
  #kept: readonly Entry[] | undefined;

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /** Nothing in this directory is selected on this and later passes. */
  bar(directory: Buffer): void {
    this.#barred.add(directory.toString('latin1'));
  }

  async *entries(onRefused?: (problem: Problem) => void): AsyncGenerator<Entry> {
    if (this.#kept) {
      for (const entry of this.#kept) if (!this.#withinBarred(entry.path)) yield entry;
      return;
    }
    const most = this.#options.mostKept ?? mostKept;
    let kept: Entry[] | undefined = [];
    for await (const entry of this.#read(onRefused)) {
      if (kept?.length === most) kept = undefined;
      kept?.push(entry);
      yield entry;
    }
    this.#kept = kept;
  }

  async *#read(onRefused?: (problem: Problem) => void): AsyncGenerator<Entry> {
    const { read, foldCase, reserved } = this.#options;
    const gate = new EntryGate(foldCase);
    const refuse = (where: string, what: string) => onRefused?.({ where, what });
    for await (const entry of read(refuse)) {
      if (!this.#wants(entry)) continue;
      const fault = isWithin(entry.path, reserved)
        ? 'has the name of the folder that the restore works in'
        : this.#withinBarred(entry.path)
          ? 'lies in a directory that could not be restored'
          : gate.fault(entry);
      if (fault === undefined) yield entry;
      else refuse(showPath(entry.path), fault);
    }
  }

  #wants({ path, type }: Entry): boolean {
    const wanted = this.#options.path;
    if (!wanted || isWithin(path, wanted)) return true;
    return type === 'directory' && isWithin(wanted, path);
  }

  #withinBarred(path: Buffer): boolean {
    if (this.#barred.size === 0) return false;
    const text = path.toString('latin1');
    for (let end = text.length; end > 0; end = text.lastIndexOf('/', end - 1))
      if (this.#barred.has(text.slice(0, end))) return true;
    return false;
  }
}
