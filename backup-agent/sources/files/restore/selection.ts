import type { Problem } from '../../../errors/holdfast-error.ts';
import { isWithin, showPath, type Entry } from '../entry.ts';
import { decodeOwnEntry, encodeEntry } from '../index-line.ts';
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

/** As many as a restore plans at once. */
const mostKept = 100_000;

interface SelectedEntry {
  readonly entry: Entry;
  readonly line: string;
}

/** Everything that was added, unless that is more than `most`. As lines it takes a third of the memory. */
class Kept {
  readonly #most: number;
  #lines: string[] | undefined = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isWhole(): boolean {
    return this.#lines !== undefined;
  }

  add(line: string): void {
    if (this.#lines?.length === this.#most) this.#lines = undefined;
    this.#lines?.push(line);
  }

  *entries(): Generator<SelectedEntry> {
    for (const line of this.#lines ?? []) {
      const entry = decodeOwnEntry(line, '');
      if (entry.type !== 'removed') yield { entry, line };
    }
  }
}

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
  #kept: Kept | undefined;
  /** The same of directories and links alone. */
  #keptBesideFiles: Kept | undefined;

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /** Nothing in this directory is selected on this and later passes. */
  bar(directory: Buffer): void {
    this.#barred.add(directory.toString('latin1'));
  }

  async *entries(onRefused?: (problem: Problem) => void): AsyncGenerator<Entry> {
    for await (const { entry } of this.withLines(onRefused)) yield entry;
  }

  /** Entries, and how `encodeEntry` writes them. */
  async *withLines(onRefused?: (problem: Problem) => void): AsyncGenerator<SelectedEntry> {
    if (this.#kept) {
      for (const selected of this.#kept.entries())
        if (!this.#withinBarred(selected.entry.path)) yield selected;
      return;
    }
    const most = this.#options.mostKept ?? mostKept;
    const kept = new Kept(most);
    const besideFiles = new Kept(most);
    for await (const entry of this.#read(onRefused)) {
      const line = encodeEntry(entry, '');
      kept.add(line);
      if (entry.type !== 'file') besideFiles.add(line);
      yield { entry, line };
    }
    if (kept.isWhole) this.#kept = kept;
    if (besideFiles.isWhole) this.#keptBesideFiles = besideFiles;
  }

  /** Directories and links, in their order. */
  async *besideFiles(): AsyncGenerator<Entry> {
    const selected = this.#keptBesideFiles?.entries() ?? this.withLines();
    for await (const { entry } of selected)
      if (entry.type !== 'file' && !this.#withinBarred(entry.path)) yield entry;
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
