import type { Attribute } from './attributes/attribute.ts';

/** What a directory entry can be in a backup. Sockets, pipes and devices are reported instead. */
export type EntryType = 'file' | 'directory' | 'symlink';

/** A run of bytes inside the plaintext of one segment. A file's content is its extents in order. */
export interface Extent {
  readonly backup: string;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  /** Of a content whose digest is over those of its parts: this part's, keyed, base64url. */
  readonly digest?: string;
}

/**
 * One entry of a tree. Paths are relative to the source, `/`-separated raw bytes, because a name
 * need not be UTF-8; the source itself has the empty path.
 */
export interface Entry {
  readonly path: Buffer;
  readonly type: EntryType;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  /** Keyed hash of a file's content, base64url. */
  readonly digest?: string;
  readonly extents?: readonly Extent[];
  /** With several names of one file: the first of them in the order, for it itself too. */
  readonly linkTo?: Buffer;
  /** Where a symbolic link points: never interpreted. */
  readonly target?: Buffer;
  /** Extended attributes and ACLs, if it has any and they are kept. */
  readonly attributes?: readonly Attribute[];
  /** The file has holes. */
  readonly sparse?: true;
  /** `changed`: the content moved while it was read. `stale`: unreadable, so that of the last backup. */
  readonly mark?: 'changed' | 'stale';
}

/** An entry of the parent's index that is gone. */
export interface Removal {
  readonly path: Buffer;
  readonly type: 'removed';
}

const slash = 0x2f;

/**
 * The order of a walk that sorts each directory by its names' bytes and enters directories as it
 * meets them: byte order with `/` before everything else.
 */
export function comparePaths(left: Buffer, right: Buffer): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const a = left[i] ?? 0;
    const b = right[i] ?? 0;
    if (a !== b) return (a === slash ? 0 : a) - (b === slash ? 0 : b);
  }
  return left.length - right.length;
}

/** Whether `path` is `directory` or lies somewhere in it. */
export function isWithin(path: Buffer, directory: Buffer): boolean {
  if (directory.length === 0) return true;
  if (path.length < directory.length) return false;
  if (!path.subarray(0, directory.length).equals(directory)) return false;
  return path.length === directory.length || path[directory.length] === slash;
}

/** The directory that holds the entry; undefined for the source itself. */
export function parentPath(path: Buffer): Buffer | undefined {
  if (path.length === 0) return undefined;
  return path.subarray(0, Math.max(0, path.lastIndexOf(slash)));
}

export function joinPath(directory: Buffer, name: Buffer): Buffer {
  if (directory.length === 0) return name;
  if (name.length === 0) return directory;
  return Buffer.concat([directory, Buffer.of(slash), name]);
}

/** For messages; bytes that are not UTF-8 show as U+FFFD. */
export function showPath(path: Buffer): string {
  return path.length === 0 ? '.' : path.toString('utf8');
}
