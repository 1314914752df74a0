import { isWithin, parentPath, type Entry } from '../files/entry.ts';
import type { RestoreReport } from '../files/restore/report.ts';
import { restoreTree, type RestoreFilesOptions } from '../files/restore/restore-files.ts';
import { faultOfPath } from '../files/restore/target-path.ts';
import type { ReadTree } from '../files/restore/selection.ts';
import type { ObjectEntry } from './object-entry.ts';
import { contentKey, readObjects } from './object-index.ts';

const fileMode = 0o644;
const directoryMode = 0o755;
const slash = 0x2f;

/**
 * Restores a bucket's backup to a directory, with `restoreFiles`'s promises: the slashes of keys
 * make directories. Keys that are no paths (`a//b`, `../a`, `a` beside `a/b`) are refused one by one;
 * content types, metadata and tags have no place in a directory.
 */
export async function restoreObjectsToDirectory(
  options: RestoreFilesOptions,
): Promise<RestoreReport> {
  const { chain, signal } = options;
  const last = chain.at(-1);
  if (!last) throw new TypeError('a restore needs a backup');
  const key = await contentKey(last, signal);
  const read: ReadTree = (onBadLine) => asTree(readObjects(chain, signal, onBadLine));
  return await restoreTree(options, last.id, key, read);
}

/**
 * Keys in the order of their bytes, with the directories they imply. All keys of a directory stand
 * together in that order too, so each directory comes once, before what lies in it.
 */
async function* asTree(objects: AsyncGenerator<ObjectEntry>): AsyncGenerator<Entry> {
  let directories: Buffer[] = [];
  yield directoryEntry(Buffer.alloc(0), BigInt(Date.now()) * 1_000_000n);
  for await (const object of objects) {
    const mtimeNs = BigInt(Date.parse(object.modifiedAt) || 0) * 1_000_000n;
    directories = directories.filter((directory) => isWithin(object.path, directory));
    // The empty object that consoles make for a folder ends so.
    const isFolder = object.sizeBytes === 0 && object.path.at(-1) === slash;
    const parents = faultOfPath(object.path.subarray(0, isFolder ? -1 : undefined))
      ? []
      : parentsOf(object.path);
    for (const directory of parents)
      if (!directories.some((open) => open.equals(directory))) {
        directories.push(directory);
        yield directoryEntry(directory, mtimeNs);
      }
    if (!isFolder || parents.length === 0) yield fileEntry(object, mtimeNs);
  }
}

/** From the outermost on, without the root. */
function parentsOf(path: Buffer): Buffer[] {
  const parents: Buffer[] = [];
  for (let parent = parentPath(path); parent && parent.length > 0; parent = parentPath(parent))
    parents.unshift(parent);
  return parents;
}

function owner(): { uid: number; gid: number } {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function directoryEntry(path: Buffer, mtimeNs: bigint): Entry {
  const none = { sizeBytes: 0, ctimeNs: 0n, inode: 0n };
  return { path, type: 'directory', mode: directoryMode, ...owner(), mtimeNs, ...none };
}

function fileEntry(object: ObjectEntry, mtimeNs: bigint): Entry {
  const { path, sizeBytes, digest, extents } = object;
  return {
    path,
    type: 'file',
    mode: fileMode,
    ...owner(),
    sizeBytes,
    mtimeNs,
    ctimeNs: 0n,
    inode: 0n,
    ...(digest === undefined ? {} : { digest }),
    ...(extents ? { extents } : {}),
  };
}
