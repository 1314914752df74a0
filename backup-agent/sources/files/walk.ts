import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Problem } from '../../errors/holdfast-error.ts';
import { joinPath, showPath, type Entry } from './entry.ts';
import type { LeftOut } from './left-out.ts';
import { PathFilter, type PathPatterns } from './path-filter.ts';
import { errorText, isGone } from './system-errors.ts';

export interface WalkOptions {
  /** Absolute. */
  readonly root: Buffer;
  readonly patterns: PathPatterns;
  readonly oneFileSystem: boolean;
  readonly signal: AbortSignal;
  readonly onProblem: (problem: Problem) => void;
  readonly leftOut: Pick<LeftOut, 'excluded' | 'otherFileSystem' | 'special'>;
  /** A directory whose entries could not be listed: nothing is known of what lies in it. */
  readonly onUnknown: (directory: Buffer) => void;
}

/** How many entries are looked at before other work gets a turn. */
const entriesPerTurn = 256;

/**
 * The tree under `root`, the root itself first, in the order of `comparePaths`; links are never
 * followed. Memory holds the names of the directories on the way down, not the tree.
 */
export async function* walk(options: WalkOptions): AsyncGenerator<Entry> {
  const root = lstatSync(options.root, { bigint: true });
  const links = new HardLinks();
  const filter = new PathFilter(options.patterns);
  const stack: Iterator<Buffer>[] = [];
  let sinceTurn = 0;
  const enter = (path: Buffer) => stack.push(childPaths(path, options));
  yield entryOf(options.root, Buffer.alloc(0), root);
  enter(Buffer.alloc(0));
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.next();
    if (next.done) {
      stack.pop();
      continue;
    }
    if (++sinceTurn >= entriesPerTurn) {
      sinceTurn = 0;
      await setImmediate();
      options.signal.throwIfAborted();
    }
    const found = look(next.value, options, filter, root.dev);
    if (!found) continue;
    yield links.resolve(found.entry, found.stats);
    if (found.entry.type === 'directory' && found.enter) enter(found.entry.path);
  }
}

function* childPaths(directory: Buffer, options: WalkOptions): Generator<Buffer> {
  let names: Buffer[];
  try {
    names = readdirSync(joinPath(options.root, directory), { encoding: 'buffer' });
  } catch (error) {
    options.onUnknown(directory);
    options.onProblem({ where: showPath(directory), what: errorText(error) });
    return;
  }
  names.sort((left, right) => Buffer.compare(left, right));
  for (const name of names) yield joinPath(directory, name);
}

function look(
  path: Buffer,
  { root, oneFileSystem, onProblem, onUnknown, leftOut }: WalkOptions,
  filter: PathFilter,
  device: bigint,
): { entry: Entry; stats: BigIntStats; enter: boolean } | undefined {
  const absolute = joinPath(root, path);
  try {
    const stats = lstatSync(absolute, { bigint: true });
    if (!filter.keeps(path, stats.isDirectory())) {
      leftOut.excluded(1);
      return undefined;
    }
    const kind = specialKind(stats);
    if (kind !== undefined) {
      leftOut.special(path, kind);
      return undefined;
    }
    const enter = !oneFileSystem || stats.dev === device;
    if (!enter && stats.isDirectory()) leftOut.otherFileSystem(path);
    return { entry: entryOf(absolute, path, stats), stats, enter };
  } catch (error) {
    if (!isGone(error)) onUnknown(path);
    onProblem({ where: showPath(path), what: errorText(error) });
    return undefined;
  }
}

function specialKind(stats: BigIntStats): string | undefined {
  if (stats.isSocket()) return 'socket';
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isBlockDevice()) return 'block device';
  if (stats.isCharacterDevice()) return 'character device';
  return undefined;
}

/** With setuid, setgid and sticky. */
export const permissionBits = 0o7777n;

/** What `stats` says of the entry; for a symbolic link its target is read too. */
export function entryOf(absolute: Buffer, path: Buffer, stats: BigIntStats): Entry {
  const isFile = stats.isFile();
  const entry: Entry = {
    path,
    type: isFile ? 'file' : stats.isDirectory() ? 'directory' : 'symlink',
    mode: Number(stats.mode & permissionBits),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    sizeBytes: isFile ? Number(stats.size) : 0,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
  };
  if (isFile) return stats.blocks * 512n < stats.size ? { ...entry, sparse: true } : entry;
  if (!stats.isSymbolicLink()) return entry;
  return { ...entry, target: readlinkSync(absolute, { encoding: 'buffer' }) };
}

/** Remembers the first name of each file that has several, until all of them have been met. */
class HardLinks {
  readonly #first = new Map<string, { path: Buffer; left: bigint }>();

  resolve(entry: Entry, stats: BigIntStats): Entry {
    if (entry.type !== 'file' || stats.nlink < 2n) return entry;
    const key = `${stats.dev}:${stats.ino}`;
    const known = this.#first.get(key);
    if (!known) {
      this.#first.set(key, { path: entry.path, left: stats.nlink - 1n });
      return { ...entry, linkTo: entry.path };
    }
    known.left -= 1n;
    if (known.left <= 0n) this.#first.delete(key);
    return { ...entry, linkTo: known.path };
  }
}
