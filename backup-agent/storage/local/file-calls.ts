import {
  lstatSync,
  openSync,
  read as readInto,
  readSync,
  open as openDescriptor,
  type BigIntStats,
} from 'node:fs';
import { lstat, statfs } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAbsence } from './file-errors.ts';

/** What is asked of a file system for each of thousands of documents. Each rejects with its error. */
export interface FileCalls {
  lstat(path: string): Promise<BigIntStats>;
  /** Whether there is a folder, which a link to one is not. */
  isFolder(path: string): Promise<boolean>;
  /** The descriptor. */
  open(path: string, flags: number): Promise<number>;
  /** From the file's beginning on; how much was there. */
  read(descriptor: number, into: Uint8Array): Promise<number>;
}

const openAside = promisify(openDescriptor);
const readAside = promisify(readInto);

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    return absent(error);
  }
}

/** False for what is not there; throws every other error. */
function absent(error: unknown): false {
  if (isAbsence(error)) return false;
  throw error;
}

/** Each call waits in a thread of node's pool. */
export const pooledCalls: FileCalls = {
  lstat: (path) => lstat(path, { bigint: true }),
  isFolder: async (path) => {
    try {
      return (await lstat(path)).isDirectory();
    } catch (error) {
      return absent(error);
    }
  },
  open: (path, flags) => openAside(path, flags),
  read: async (descriptor, into) =>
    (await readAside(descriptor, into, 0, into.length, 0)).bytesRead,
};

/**
 * statfs(2)'s types of file systems on this machine's own disks and in its memory, from linux/magic.h
 * (ext, xfs, btrfs, f2fs, tmpfs, overlayfs) and OpenZFS. A network's may not answer for minutes.
 */
const ownFileSystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994, 0x794c7630, 0x2fc12fc1,
]);

/** A call that took longer had to wait for the disk. */
const quickMs = 0.5;

/** Everything else gets its turn after so many. */
const callsPerTurn = 64;

/** So many calls then go to the thread pool, which waits for several at once. */
const pooledAfterSlow = 256;

/**
 * Calls made at once as long as they are answered from memory: that takes a few microseconds, and
 * waking a thread of the pool 25 to 60 more, which was half of the time to list a long history.
 * `nowMs` is a clock in milliseconds.
 */
export class QuickCalls implements FileCalls {
  readonly #nowMs: () => number;
  #pooledLeft = 0;
  #made = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  lstat(path: string): Promise<BigIntStats> {
    return this.#call(
      () => lstatSync(path, { bigint: true }),
      () => pooledCalls.lstat(path),
    );
  }

  isFolder(path: string): Promise<boolean> {
    return this.#call(
      () => isFolder(path),
      () => pooledCalls.isFolder(path),
    );
  }

  open(path: string, flags: number): Promise<number> {
    return this.#call(
      () => openSync(path, flags),
      () => pooledCalls.open(path, flags),
    );
  }

  read(descriptor: number, into: Uint8Array): Promise<number> {
    return this.#call(
      () => readSync(descriptor, into, 0, into.length, 0),
      () => pooledCalls.read(descriptor, into),
    );
  }

  async #call<Result>(atOnce: () => Result, pooled: () => Promise<Result>): Promise<Result> {
    if (this.#pooledLeft > 0) {
      this.#pooledLeft -= 1;
      return await pooled();
    }
    this.#made += 1;
    if (this.#made % callsPerTurn === 0) await setImmediate();
    const startedAt = this.#nowMs();
    try {
      return atOnce();
    } finally {
      if (this.#nowMs() - startedAt > quickMs) this.#pooledLeft = pooledAfterSlow;
    }
  }
}

/** The calls that suit the file system of `path`; undefined as long as nothing is there. */
export async function callsFor(path: string): Promise<FileCalls | undefined> {
  try {
    return ownFileSystems.has((await statfs(path)).type) ? new QuickCalls() : pooledCalls;
  } catch {
    return undefined;
  }
}
