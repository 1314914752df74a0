import ignore, { type Ignore } from 'ignore';

export interface PathPatterns {
  /** gitignore syntax: what is left out, and, with `!`, what is kept after all. */
  readonly exclude: readonly string[];
  /** gitignore syntax: with any, only files that match are kept. Directories always are. */
  readonly include: readonly string[];
}

/** `ignore` remembers every path it was asked about; a fresh one now and then keeps memory flat. */
const questionsPerMatcher = 20_000;

/** Which entries a backup takes. */
export class PathFilter {
  readonly #patterns: PathPatterns;
  #questions = 0;
  #exclude: Ignore | undefined;
  #include: Ignore | undefined;

  constructor(patterns: PathPatterns) {
    this.#patterns = patterns;
    this.#renew();
  }

  keeps(path: Buffer, isDirectory: boolean): boolean {
    if (!this.#exclude && !this.#include) return true;
    if (++this.#questions > questionsPerMatcher) this.#renew();
    const text = path.toString('utf8') + (isDirectory ? '/' : '');
    if (this.#exclude?.ignores(text)) return false;
    return isDirectory || !this.#include || this.#include.ignores(text);
  }

  #renew(): void {
    const { exclude, include } = this.#patterns;
    this.#questions = 0;
    this.#exclude = exclude.length > 0 ? matcher(exclude) : undefined;
    this.#include = include.length > 0 ? matcher(include) : undefined;
  }
}

function matcher(patterns: readonly string[]): Ignore {
  return ignore({ allowRelativePaths: true }).add([...patterns]);
}
