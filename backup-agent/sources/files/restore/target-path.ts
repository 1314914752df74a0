import { lstatSync, mkdirSync } from 'node:fs';
import { faultOfAttributes } from '../attributes/attribute.ts';
import { isWithin, joinPath, parentPath, type Entry } from '../entry.ts';
import { errorCode } from '../system-errors.ts';

export const longestNameBytes = 255;

/** Why a path from an index must not be joined to a directory; undefined when it may. */
export function faultOfPath(path: Buffer): string | undefined {
  if (path.length === 0) return undefined;
  if (path.includes(0)) return 'has a zero byte in its name';
  if (path[0] === 0x2f) return 'is absolute';
  for (const name of path.toString('latin1').split('/')) {
    if (name === '') return 'has an empty name in its path';
    if (name === '.' || name === '..') return `has "${name}" in its path`;
    if (name.length > longestNameBytes) return `has a name of more than ${longestNameBytes} bytes`;
  }
  return undefined;
}

/**
 * Lets through, in the index's order, what may be written: no path that leaves the target, nothing
 * in what is not a directory of the same tree, no two names that the target takes for one.
 */
export class EntryGate {
  readonly #foldCase: boolean;
  readonly #directories: { path: Buffer; folded: Set<string> }[] = [];

  constructor(foldCase: boolean) {
    this.#foldCase = foldCase;
  }

  /** Why the entry is refused; undefined lets it through. */
  fault(entry: Entry): string | undefined {
    const { path } = entry;
    const fault = faultOfPath(path) ?? faultOfEntry(entry);
    if (fault !== undefined) return fault;
    const parent = parentPath(path);
    if (!parent) {
      if (entry.type !== 'directory') return 'is the root, and no directory';
    } else {
      let top = this.#directories.at(-1);
      while (top && !isWithin(path, top.path)) {
        this.#directories.pop();
        top = this.#directories.at(-1);
      }
      if (!top?.path.equals(parent)) return 'lies in what is not a directory of this backup';
      if (this.#foldCase) {
        const name = path.subarray(parent.length === 0 ? 0 : parent.length + 1).toString('utf8');
        const folded = name.normalize('NFC').toLowerCase();
        if (top.folded.has(folded))
          return 'differs from another name only in case, which the target does not tell apart';
        top.folded.add(folded);
      }
    }
    if (entry.type === 'directory') this.#directories.push({ path, folded: new Set() });
    return undefined;
  }
}

function faultOfEntry(entry: Entry): string | undefined {
  if (entry.linkTo && faultOfPath(entry.linkTo)) return 'is a link to a path outside the target';
  if (entry.type === 'symlink' && (!entry.target || entry.target.length === 0))
    return 'is a symbolic link to nothing';
  const fault = entry.attributes && faultOfAttributes(entry.attributes);
  if (fault !== undefined) return fault;
  if (entry.type !== 'file') return entry.extents ? 'has content, and is no file' : undefined;
  const stored = (entry.extents ?? []).reduce((sum, { length }) => sum + length, 0);
  if (stored !== entry.sizeBytes) return 'has content of another size than its own';
  return entry.digest === undefined ? 'has no digest' : undefined;
}

/** A directory of the target, made when it is missing. Throws when it is anything else, a link too. */
export function ensureDirectory(absolute: Buffer): void {
  try {
    mkdirSync(absolute, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !lstatSync(absolute).isDirectory()) throw error;
  }
}

/** In a dry run: throws where `ensureDirectory` would find something else under the name. */
export function assertDirectoryFits(absolute: Buffer): void {
  const there = lstatSync(absolute, { throwIfNoEntry: false });
  if (there && !there.isDirectory())
    throw Object.assign(new Error('no directory'), { code: 'EEXIST' });
}

/** What already has the name, or undefined. */
export function existing(root: Buffer, path: Buffer) {
  return lstatSync(joinPath(root, path), { bigint: true, throwIfNoEntry: false });
}
