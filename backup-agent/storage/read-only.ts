import { HoldfastError } from '../errors/holdfast-error.ts';
import { ForwardingStorage } from './forwarding.ts';
import { assertKey } from './key.ts';
import type { Body, CallOptions, PutOptions, Storage, StoredObject } from './storage.ts';

const defaultHint = 'this command never writes there; that it tried is a defect to report';

/** Refuses with `storage-denied` whatever would change the storage, before it is asked. */
export function readOnly(storage: Storage, hint = defaultHint): Storage {
  return new ReadOnlyStorage(storage, hint);
}

class ReadOnlyStorage extends ForwardingStorage {
  readonly #hint: string;

  constructor(inner: Storage, hint: string) {
    super(inner);
    this.#hint = hint;
  }

  override async put(key: string, _: Body, options: PutOptions = {}): Promise<StoredObject> {
    return this.#refuse(key, options);
  }

  override async remove(key: string, options: CallOptions = {}): Promise<void> {
    return this.#refuse(key, options);
  }

  override async setLegalHold(key: string, _: boolean, options: CallOptions = {}): Promise<void> {
    return this.#refuse(key, options);
  }

  override async removeUnfinished(_: Date, options: CallOptions = {}): Promise<number> {
    options.signal?.throwIfAborted();
    throw this.#refusal();
  }

  override async assertWritable({ signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    throw this.#refusal();
  }

  #refuse(key: string, { signal }: CallOptions): never {
    assertKey(key);
    signal?.throwIfAborted();
    throw this.#refusal();
  }

  #refusal(): HoldfastError {
    return new HoldfastError('storage-denied', `${this.location} is opened for reading only`, {
      hint: this.#hint,
    });
  }
}
