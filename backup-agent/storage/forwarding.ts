import type {
  Body,
  CallOptions,
  GetOptions,
  ObjectVersion,
  PutOptions,
  RemoveOptions,
  Storage,
  StoredObject,
  VersionListOptions,
  VersionOptions,
} from './storage.ts';

/** Passes every call on; wrappers change what they are about. */
export class ForwardingStorage implements Storage {
  readonly location: string;
  protected readonly inner: Storage;

  constructor(inner: Storage) {
    this.location = inner.location;
    this.inner = inner;
  }

  async put(key: string, body: Body, options?: PutOptions): Promise<StoredObject> {
    return this.inner.put(key, body, options);
  }

  async get(key: string, options?: GetOptions): Promise<AsyncIterable<Uint8Array>> {
    return this.inner.get(key, options);
  }

  async stat(key: string, options?: CallOptions): Promise<StoredObject | undefined> {
    return this.inner.stat(key, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject> {
    return this.inner.list(prefix, options);
  }

  listVersions(prefix: string, options?: VersionListOptions): AsyncIterable<ObjectVersion> {
    return this.inner.listVersions(prefix, options);
  }

  async remove(key: string, options?: RemoveOptions): Promise<void> {
    return this.inner.remove(key, options);
  }

  async setLegalHold(key: string, held: boolean, options?: VersionOptions): Promise<void> {
    return this.inner.setLegalHold(key, held, options);
  }

  async removeUnfinished(before: Date, options?: CallOptions): Promise<number> {
    return this.inner.removeUnfinished(before, options);
  }

  async assertWritable(options?: CallOptions): Promise<void> {
    return this.inner.assertWritable(options);
  }

  async now(options?: CallOptions): Promise<Date> {
    return this.inner.now(options);
  }

  async close(): Promise<void> {
    return this.inner.close();
  }
}
