import { dirname, join, resolve } from 'node:path';
import { callsFor, pooledCalls, type FileCalls } from './local/file-calls.ts';
import { fromFileError, isAbsence, missingObject } from './local/file-errors.ts';
import { Inquiries } from './local/inquiries.ts';
import { ensureRoot, existingRoot } from './local/paths.ts';
import { assertFolderWritable, removeEmptyFolders, syncNearestFolder } from './local/folders.ts';
import { etagOf, publish } from './local/publish.ts';
import { readFile, readSmallFile } from './local/read.ts';
import { createUnfinished, removeUnfinished, timeOf, unlinkIfThere } from './local/unfinished.ts';
import { fileStats, walkFiles, type FoundFile } from './local/walk.ts';
import { releasing } from '../stream/donated.ts';
import { assertKey, assertPrefix } from './key.ts';
import { sizedBody } from './sized-body.ts';
import type {
  Body,
  CallOptions,
  GetOptions,
  ObjectVersion,
  PutOptions,
  RemoveOptions,
  Storage,
  StoredObject,
} from './storage.ts';

export interface LocalStorageOptions {
  /** What `now` tells, instead of the file system's own time. */
  readonly clock?: () => Date;
  /**
   * How long a replacement (`ifMatch`) under way keeps others out; a killed writer's counts as
   * abandoned afterwards. It takes a few system calls, so the default of 30 seconds is ample.
   */
  readonly claimLifetimeMs?: number;
}

const defaultClaimLifetimeMs = 30_000;

/**
 * Objects as files of a directory, which the first put creates. Folders are 0700 and files 0600.
 * Links are never followed below the root: a linked object does not exist. It keeps no versions and
 * no locks. A key cannot be an object and the folder of others at once: `storage-key-invalid`.
 */
export function openLocalStorage(rootPath: string, options: LocalStorageOptions = {}): Storage {
  return new LocalStorage(resolve(rootPath), options);
}

class LocalStorage implements Storage {
  readonly location: string;
  readonly #clock: (() => Date) | undefined;
  readonly #claimLifetimeMs: number;
  readonly #inquiries = new Inquiries();
  #calls: FileCalls | undefined;

  constructor(path: string, { clock, claimLifetimeMs }: LocalStorageOptions) {
    this.location = path;
    this.#clock = clock;
    this.#claimLifetimeMs = claimLifetimeMs ?? defaultClaimLifetimeMs;
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    return this.#translated(key, options.signal, async () => {
      const root = await ensureRoot(this.location);
      await using unfinished = await createUnfinished(root);
      // It has written a chunk when it asks for the next.
      await unfinished.handle.writeFile(releasing(sizedBody(key, body, options)));
      await unfinished.handle.sync();
      options.signal?.throwIfAborted();
      const stats = await unfinished.handle.stat({ bigint: true });
      try {
        await publish(root, key, unfinished.path, options, this.#claimLifetimeMs);
      } finally {
        this.#inquiries.forget();
      }
      return toStoredObject({ key, stats });
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    assertKey(key);
    return this.#translated(key, options.signal, async () => {
      const path = await this.#pathOf(key);
      const found = path === undefined ? undefined : await this.#lookInto(path, options);
      if (path === undefined || found === undefined) throw missingObject(key, this.location);
      return found === 'large' ? this.#read(key, path, options) : oneChunk(found);
    });
  }

  async stat(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    assertKey(key);
    return this.#translated(key, options.signal, async () => {
      const path = await this.#pathOfFile(key);
      const stats = path === undefined ? undefined : await fileStats(path, await this.#files());
      return stats === undefined ? undefined : toStoredObject({ key, stats });
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<StoredObject> {
    assertPrefix(prefix);
    try {
      if ((await this.#pathOf(`${prefix}-`)) === undefined) return;
      for await (const found of walkFiles(this.location, prefix, await this.#files())) {
        options.signal?.throwIfAborted();
        yield toStoredObject(found);
      }
    } catch (error) {
      throw fromFileError(error, prefix, this.location);
    }
  }

  async *listVersions(prefix: string, options: CallOptions = {}): AsyncGenerator<ObjectVersion> {
    for await (const object of this.list(prefix, options))
      yield { ...object, latest: true, deleteMarker: false };
  }

  async remove(key: string, options: RemoveOptions = {}): Promise<void> {
    assertKey(key);
    await this.#translated(key, options.signal, async () => {
      const path = await this.#pathOfFile(key);
      if (path === undefined) return;
      try {
        await unlinkIfThere(path);
        await syncNearestFolder(this.location, dirname(path));
        await removeEmptyFolders(this.location, dirname(path));
      } finally {
        this.#inquiries.forget();
      }
    });
  }

  async setLegalHold(key: string): Promise<void> {
    assertKey(key);
  }

  async removeUnfinished(before: Date, options: CallOptions = {}): Promise<number> {
    return this.#translated('', options.signal, async () => {
      const root = await existingRoot(this.location);
      return root === undefined ? 0 : removeUnfinished(root, before);
    });
  }

  async assertWritable(options: CallOptions = {}): Promise<void> {
    await this.#translated('', options.signal, () => assertFolderWritable(this.location));
  }

  /** The file system's own time, which on a NAS is that of its server; this host's where it cannot write. */
  async now(options: CallOptions = {}): Promise<Date> {
    if (this.#clock) return this.#clock();
    return this.#translated('', options.signal, async () => {
      const root = await existingRoot(this.location);
      return (root === undefined ? undefined : await timeOf(root)) ?? new Date();
    });
  }

  async close(): Promise<void> {}

  /** Known once the root is there. */
  async #files(): Promise<FileCalls> {
    return (this.#calls ??= await callsFor(this.location)) ?? pooledCalls;
  }

  /** Where an object is, or would be; undefined unless its folder is reached without any link. */
  async #pathOf(key: string): Promise<string | undefined> {
    const files = await this.#files();
    for (let end = key.indexOf('/'); end > 0; end = key.indexOf('/', end + 1)) {
      const folder = join(this.location, key.slice(0, end));
      if (!(await this.#inquiries.ask(folder, () => files.isFolder(folder)))) return undefined;
    }
    return join(this.location, key);
  }

  /** The path of an object that exists as a regular file. */
  async #pathOfFile(key: string): Promise<string | undefined> {
    const path = await this.#pathOf(key);
    return path === undefined || (await fileStats(path, await this.#files())) === undefined
      ? undefined
      : path;
  }

  async #lookInto(path: string, { range }: GetOptions): Promise<Uint8Array | 'large' | undefined> {
    if (range === undefined) return readSmallFile(path, await this.#files());
    return (await fileStats(path, await this.#files())) === undefined ? undefined : 'large';
  }

  async *#read(key: string, path: string, options: GetOptions): AsyncGenerator<Uint8Array> {
    try {
      yield* readFile(path, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isAbsence(error)) throw missingObject(key, this.location, error);
      throw fromFileError(error, key, this.location);
    }
  }

  async #translated<Result>(
    key: string,
    signal: AbortSignal | undefined,
    call: () => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      throw fromFileError(error, key, this.location);
    }
  }
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

function toStoredObject({ key, stats }: FoundFile): StoredObject {
  return {
    key,
    sizeBytes: Number(stats.size),
    modifiedAt: new Date(Number(stats.mtimeMs)),
    etag: etagOf(stats),
  };
}
