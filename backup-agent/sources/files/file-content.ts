import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { ReadAttributes } from './attributes/attribute.ts';
import type { ContentHash } from './content-hash.ts';
import type { Entry } from './entry.ts';
import { entryOf, permissionBits } from './walk.ts';

/** Never follows a link in the name's last part, and never waits for the other end of a pipe. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Enough to tell most contents of the same size apart. */
const beginningBytes = 64 * 1024;

/** Something else took the file's name between the walk and the reading. */
class OtherKindError extends Error {
  readonly code = 'ESTALE';
}

/** A file open for one reading, with what it was like when the reading began. */
export class OpenFile implements Disposable {
  readonly entry: Entry;
  readonly #fd: number;
  #beginning: number | undefined;

  /** With `readAttributes`, the entry has the file's extended attributes too. */
  constructor(absolute: Buffer, found: Entry, readAttributes?: ReadAttributes) {
    this.#fd = openSync(absolute, openFlags);
    try {
      const stats = fstatSync(this.#fd, { bigint: true });
      if (!stats.isFile()) throw new OtherKindError();
      const now = entryOf(absolute, found.path, stats);
      const entry = found.linkTo ? { ...now, linkTo: found.linkTo } : now;
      const attributes = readAttributes?.(this.#fd, found.path);
      this.entry = attributes ? { ...entry, attributes } : entry;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Reads into all of `into` unless the file ends before; returns how much it read. */
  read(into: Uint8Array, position: number): number {
    return readAll(this.#fd, into, position);
  }

  /** A sum over the first bytes; undefined when they cannot be read. */
  beginning(): number | undefined {
    if (this.#beginning !== undefined) return this.#beginning;
    const bytes = Buffer.allocUnsafe(beginningBytes);
    try {
      this.#beginning = crc32(bytes.subarray(0, this.read(bytes, 0)));
    } catch {
      // Reading the content will tell.
    }
    return this.#beginning;
  }

  /** Whether nothing happened to the file since it was opened. */
  get unchanged(): boolean {
    return isAs(this.entry, fstatSync(this.#fd, { bigint: true }));
  }

  digest(hash: ContentHash, scratch: Uint8Array): string {
    let position = 0;
    while (position < this.entry.sizeBytes) {
      const wanted = Math.min(scratch.length, this.entry.sizeBytes - position);
      const count = this.read(scratch.subarray(0, wanted), position);
      if (count === 0) break;
      hash.update(scratch.subarray(0, count));
      position += count;
    }
    return hash.digest();
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/**
 * Reads a file that is still what the walk found, with one look at its state where `OpenFile` takes
 * two: it is asked for after the reading, and the walk's is the one before. Fills `into`, which is as
 * long as the file was; undefined when anything is otherwise, or fails.
 */
export function readAsFound(
  absolute: Buffer,
  found: Entry,
  into: Uint8Array,
  readAttributes: ReadAttributes | undefined,
): Entry | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(absolute, openFlags);
    // By position: that fails on a pipe, of which nothing must be taken.
    if (readAll(fd, into, 0) < into.length) return undefined;
    if (!isAs(found, fstatSync(fd, { bigint: true }))) return undefined;
    const attributes = readAttributes?.(fd, found.path);
    return attributes ? { ...found, attributes } : found;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Whether the file still has the state that the entry tells. */
function isAs(found: Entry, stats: BigIntStats): boolean {
  return (
    stats.isFile() &&
    Number(stats.size) === found.sizeBytes &&
    stats.mtimeNs === found.mtimeNs &&
    stats.ctimeNs === found.ctimeNs &&
    stats.ino === found.inode &&
    Number(stats.mode & permissionBits) === found.mode &&
    Number(stats.uid) === found.uid &&
    Number(stats.gid) === found.gid
  );
}

function readAll(fd: number, into: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Size, times and inode are as they were: the content is taken to be so too. */
export function sameState(left: Entry, right: Entry): boolean {
  return (
    left.type === right.type &&
    left.sizeBytes === right.sizeBytes &&
    left.mtimeNs === right.mtimeNs &&
    left.ctimeNs === right.ctimeNs &&
    left.inode === right.inode &&
    left.mode === right.mode &&
    left.uid === right.uid &&
    left.gid === right.gid &&
    sameBytes(left.linkTo, right.linkTo) &&
    sameBytes(left.target, right.target)
  );
}

function sameBytes(left: Buffer | undefined, right: Buffer | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && left.equals(right));
}
