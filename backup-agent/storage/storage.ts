/**
 * Where a repository's objects live. Every implementation and every wrapper passes
 * tests/conformance/storage.ts, which is the contract in executable form; this file is its prose.
 *
 * Keys are relative, `/`-separated, UTF-8, at most 1024 bytes, without empty, `.` or `..` segments
 * (see `assertKey`). Errors are `HoldfastError`s of the `storage-*` codes; an abort rejects with the
 * signal's reason.
 */
export interface Storage {
  /** For messages: where this is. Never holds a secret. */
  readonly location: string;

  /**
   * Creates or replaces an object, whole or not at all: a failed put leaves what was there before.
   * With `ifAbsent` an existing object rejects with `storage-object-exists`; with `ifMatch` a changed
   * or missing one with `storage-changed`. A body that yields fewer or more bytes than `sizeBytes`
   * says rejects with `storage-size-mismatch`. Durable when it resolves.
   */
  put(key: string, body: Body, options?: PutOptions): Promise<StoredObject>;

  /**
   * The object's bytes, or those of `range`. Missing: `storage-object-missing`. The iterable is read
   * once; leaving it early releases the connection.
   */
  get(key: string, options?: GetOptions): Promise<AsyncIterable<Uint8Array>>;

  /** What is known of an object without reading it; undefined when it does not exist. */
  stat(key: string, options?: CallOptions): Promise<StoredObject | undefined>;

  /** Every object whose key starts with `prefix`, in ascending order of the keys' UTF-8 bytes. */
  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject>;

  /**
   * Every version and delete marker under `prefix`, by key, newest first. Storages without versions
   * yield each object once.
   */
  listVersions(prefix: string, options?: VersionListOptions): AsyncIterable<ObjectVersion>;

  /** Removes one object, or one version of it. A missing one is no error; a locked one is `storage-locked`. */
  remove(key: string, options?: RemoveOptions): Promise<void>;

  /** Puts or lifts a legal hold where the storage has one; elsewhere does nothing. */
  setLegalHold(key: string, held: boolean, options?: VersionOptions): Promise<void>;

  /**
   * Removes what puts that never finished left behind (files, multipart uploads), if they were begun
   * or last written to before this moment. Returns how many. Objects are never touched.
   */
  removeUnfinished(before: Date, options?: CallOptions): Promise<number>;

  /**
   * Throws what a put would meet, as far as that can be told without leaving anything behind: for a
   * folder its rights, for a bucket nothing.
   */
  assertWritable(options?: CallOptions): Promise<void>;

  /** The storage's own clock, to notice a skew of ours. */
  now(options?: CallOptions): Promise<Date>;

  close(): Promise<void>;
}

export type Body = Uint8Array | AsyncIterable<Uint8Array>;

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface VersionOptions extends CallOptions {
  /** Ignored where the storage keeps no versions. */
  readonly version?: string;
}

export interface PutOptions extends CallOptions {
  readonly ifAbsent?: boolean;
  /** The `etag` of the object to replace. */
  readonly ifMatch?: string;
  /** The body's exact size when it is known beforehand. */
  readonly sizeBytes?: number;
  /** Object Lock until this moment, where the storage has it; elsewhere ignored. */
  readonly lockUntil?: Date;
}

export interface GetOptions extends VersionOptions {
  /**
   * `end` is exclusive; left out, it means the object's end. What lies beyond the object's end is
   * left out without an error.
   */
  readonly range?: { readonly start: number; readonly end?: number };
}

export type RemoveOptions = VersionOptions;

export interface VersionListOptions extends CallOptions {
  /** Fills in each version's lock and legal hold; may cost a request a version. */
  readonly withLocks?: boolean;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Changes whenever the content does. Opaque. */
  readonly etag: string;
  /** Where the storage keeps versions. */
  readonly version?: string;
}

export interface ObjectVersion extends StoredObject {
  readonly latest: boolean;
  readonly deleteMarker: boolean;
  readonly lockedUntil?: Date;
  readonly legalHold?: boolean;
}
