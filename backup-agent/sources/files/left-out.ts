import { z } from 'zod';
import type { Progress } from '../source.ts';
import { showPath } from './entry.ts';

/** What a backup leaves out on purpose: not problems, and told nevertheless. */
export const leftOutCounts = z.strictObject({
  /** By patterns; a directory is one, with all that lies in it. */
  excluded: z.int().nonnegative(),
  /** Directories that other file systems are mounted on: kept without what lies in them. */
  otherFileSystems: z.int().nonnegative(),
  /** Sockets, named pipes and devices, which hold nothing to keep; counted where there are any. */
  special: z.int().positive().optional(),
});
export type LeftOutCounts = z.infer<typeof leftOutCounts>;

/** So many mount points, and so many special files, are told by name. */
const mostNamed = 20;

/** Counts what is left out, and names mount points and special files as they are met. */
export class LeftOut {
  #excluded = 0;
  #otherFileSystems = 0;
  #special = 0;
  readonly #progress: Progress;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  excluded(count: number): void {
    this.#excluded += count;
  }

  otherFileSystem(path: Buffer): void {
    this.#otherFileSystems += 1;
    if (this.#otherFileSystems <= mostNamed)
      this.#progress.note(`left out: what lies in ${showPath(path)}, another file system`);
  }

  /** `kind`: such as `socket`. */
  special(path: Buffer, kind: string): void {
    this.#special += 1;
    if (this.#special <= mostNamed) this.#progress.note(`left out: ${showPath(path)}, a ${kind}`);
  }

  /** Undefined when nothing was left out. */
  get counts(): LeftOutCounts | undefined {
    const counts = { excluded: this.#excluded, otherFileSystems: this.#otherFileSystems };
    if (this.#special > 0) return { ...counts, special: this.#special };
    return counts.excluded + counts.otherFileSystems > 0 ? counts : undefined;
  }
}

/** For people, from what a source put into its backup's manifest; undefined when nothing was left out. */
export function describeLeftOut(source: unknown): string | undefined {
  const counts = z.looseObject({ leftOut: leftOutCounts }).safeParse(source).data?.leftOut;
  if (!counts) return undefined;
  const { excluded, otherFileSystems, special = 0 } = counts;
  return [
    ...(excluded > 0 ? [`${excluded} by patterns`] : []),
    ...(otherFileSystems > 0 ? [`${otherFileSystems} other file systems`] : []),
    ...(special > 0 ? [`${special} sockets, pipes and devices`] : []),
  ].join(', ');
}
