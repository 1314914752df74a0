import { lstatSync, renameSync } from 'node:fs';
import { joinPath, type Entry } from '../entry.ts';
import type { ContentKey } from '../content-key.ts';
import { OpenFile } from '../file-content.ts';
import { sameTime } from './metadata.ts';
import { longestNameBytes } from './target-path.ts';

/** What happens to an entry whose name the target already has. */
export const intoPolicies = ['skip', 'rename', 'overwrite'] as const;
export type IntoPolicy = (typeof intoPolicies)[number];

export type Decision =
  | { readonly do: 'write'; readonly path: Buffer }
  | { readonly do: 'skip' }
  | { readonly do: 'resumed' }
  | { readonly do: 'refuse'; readonly what: string };

export interface PlacementOptions {
  readonly target: Buffer;
  /** Undefined: the target was empty when the restore began. */
  readonly into: IntoPolicy | undefined;
  /** An earlier run of this restore left its work here. */
  readonly resuming: boolean;
  /** Ends the name of what the policy `rename` puts beside something. */
  readonly suffix: string;
  readonly key: ContentKey;
}

const scratchBytes = 1024 * 1024;

/** A name that would become too long for any file system loses its end. */
function withEnding(path: Buffer, ending: Buffer): Buffer {
  const nameAt = path.lastIndexOf(0x2f) + 1;
  return Buffer.concat([path.subarray(0, nameAt + longestNameBytes - ending.length), ending]);
}

/** Gives what was written aside its name in the tree at `root`. */
export function place(root: Buffer, staged: Buffer, path: Buffer): void {
  renameSync(staged, joinPath(root, path));
}

/** Where entries go, by what the target already has. */
export class Placement {
  readonly #options: PlacementOptions;
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  decide(entry: Entry): Decision {
    const there = this.#look(entry.path);
    if (!there) return { do: 'write', path: entry.path };
    if (this.#options.resuming && this.#isDone(entry.path, entry)) return { do: 'resumed' };
    const { into } = this.#options;
    if (into === 'skip') return { do: 'skip' };
    if (into === 'rename') return this.#beside(entry);
    if (!into) return { do: 'refuse', what: 'finds another entry under its name' };
    return there.isDirectory()
      ? { do: 'refuse', what: 'finds a directory under its name' }
      : { do: 'write', path: entry.path };
  }

  #beside(entry: Entry): Decision {
    for (let number = 1; ; number++) {
      const ending = number === 1 ? this.#options.suffix : `${this.#options.suffix}-${number}`;
      const path = withEnding(entry.path, Buffer.from(ending));
      if (!this.#look(path)) return { do: 'write', path };
      if (this.#options.resuming && this.#isDone(path, entry)) return { do: 'resumed' };
    }
  }

  #look(path: Buffer) {
    return lstatSync(joinPath(this.#options.target, path), {
      bigint: true,
      throwIfNoEntry: false,
    });
  }

  /** A file that has the entry's size, time and, read again, its digest; or the same link. */
  #isDone(path: Buffer, entry: Entry): boolean {
    const there = this.#look(path);
    if (!there?.isFile() || entry.type !== 'file') return false;
    if (Number(there.size) !== entry.sizeBytes || !sameTime(there.mtimeNs, entry)) return false;
    using file = new OpenFile(joinPath(this.#options.target, path), entry);
    return file.digest(this.#options.key, this.#scratch) === entry.digest;
  }
}
