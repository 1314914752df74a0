import { comparePaths, isWithin } from './entry.ts';

/**
 * Entries and directories that could not be looked at, in the order of the walk. What the last
 * backup knew of them stays, for nothing says that it is gone.
 */
export class UnknownPaths {
  readonly #paths: Buffer[] = [];

  add(path: Buffer): void {
    this.#paths.push(path);
  }

  /** To be asked in the order of the walk: what lies before `path` is forgotten. */
  covers(path: Buffer): boolean {
    for (let first = this.#paths[0]; first; first = this.#paths[0]) {
      if (isWithin(path, first)) return true;
      if (comparePaths(first, path) > 0) return false;
      this.#paths.shift();
    }
    return false;
  }
}
