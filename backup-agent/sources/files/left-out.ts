import { z } from 'zod';
import type { Progress } from '../source.ts';
import { showPath } from './entry.ts';

/** What a backup leaves out on purpose: not problems, and told nevertheless. */
export const leftOutCounts = z.strictObject({
  /** By patterns; a directory is one, with all that lies in it. */
  excluded: z.int().nonnegative(),
  /** Directories that other file systems are mounted on: kept without what lies in them. */
  otherFileSystems: z.int().nonnegative(),
});
export type LeftOutCounts = z.infer<typeof leftOutCounts>;

/** So many mount points are told by name. */
const namedMounts = 20;

/** Counts what is left out, and names mount points as they are met. */
export class LeftOut {
  #excluded = 0;
  #otherFileSystems = 0;
  readonly #progress: Progress;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  excluded(count: number): void {
    this.#excluded += count;
  }

  otherFileSystem(path: Buffer): void {
    this.#otherFileSystems += 1;
    if (this.#otherFileSystems <= namedMounts)
      this.#progress.note(`left out: what lies in ${showPath(path)}, another file system`);
  }

  /** Undefined when nothing was left out. */
  get counts(): LeftOutCounts | undefined {
    const [excluded, otherFileSystems] = [this.#excluded, this.#otherFileSystems];
    return excluded + otherFileSystems > 0 ? { excluded, otherFileSystems } : undefined;
  }
}

/** For people, from what a source put into its backup's manifest; undefined when nothing was left out. */
export function describeLeftOut(source: unknown): string | undefined {
  const counts = z.looseObject({ leftOut: leftOutCounts }).safeParse(source).data?.leftOut;
  if (!counts) return undefined;
  const { excluded, otherFileSystems } = counts;
  return [
    ...(excluded > 0 ? [`${excluded} by patterns`] : []),
    ...(otherFileSystems > 0 ? [`${otherFileSystems} other file systems`] : []),
  ].join(', ');
}
