import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { joinPath, type Entry } from '../entry.ts';
import { contentHash } from '../content-hash.ts';
import type { ContentKey } from '../content-key.ts';
import { OpenFile } from '../file-content.ts';
import { errorCode } from '../system-errors.ts';
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

export const nameTaken = 'finds another entry under its name';

/** Whether something of this restore, or by its policy, may stand under a name already. */
export function mayReplace({
  into,
  resuming,
}: Pick<PlacementOptions, 'into' | 'resuming'>): boolean {
  return into !== undefined || resuming;
}

const scratchBytes = 1024 * 1024;

/** A name that would become too long for any file system loses its end. */
function withEnding(path: Buffer, ending: Buffer): Buffer {
  const nameAt = path.lastIndexOf(0x2f) + 1;
  return Buffer.concat([path.subarray(0, nameAt + longestNameBytes - ending.length), ending]);
}

/** Gives what was written aside its name, instead of whatever has it. */
export function replace(root: Buffer, staged: Buffer, path: Buffer): void {
  renameSync(staged, joinPath(root, path));
}

/** What link(2) says where the file system has no second names. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Gives a file that was written aside its name, unless something has it: then it throws EEXIST. By a
 * second name and not by a new one, for of renames from folder to folder Linux does one at a time.
 */
export function placeNew(root: Buffer, staged: Buffer, path: Buffer): void {
  const absolute = joinPath(root, path);
  try {
    linkSync(staged, absolute);
  } catch (error) {
    if (!withoutLinks.has(errorCode(error) ?? '')) throw error;
    if (lstatSync(absolute, { throwIfNoEntry: false })) throw new NameTaken();
    renameSync(staged, absolute);
    return;
  }
  unlinkSync(staged);
}

class NameTaken extends Error {
  readonly code = 'EEXIST';
}

/** Where entries go, by what the target already has. */
export class Placement {
  readonly #options: PlacementOptions;
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);

  constructor(options: PlacementOptions) {
    this.#options = options;
  }

  /** A file's name is not looked at where `placeNew` will tell. */
  decide(entry: Entry): Decision {
    const { into, resuming } = this.#options;
    if (entry.type === 'file' && !mayReplace({ into, resuming }))
      return { do: 'write', path: entry.path };
    const there = this.#look(entry.path);
    if (!there) return { do: 'write', path: entry.path };
    if (resuming && this.#isDone(entry.path, entry)) return { do: 'resumed' };
    if (into === 'skip') return { do: 'skip' };
    if (into === 'rename') return this.#beside(entry);
    if (!into) return { do: 'refuse', what: nameTaken };
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
    const hash = contentHash(this.#options.key, entry.extents);
    return file.digest(hash, this.#scratch) === entry.digest;
  }
}
