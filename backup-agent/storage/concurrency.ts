import { ForwardingStorage } from './forwarding.ts';
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

/**
 * Lets at most `limit` calls through at once, the others in the order they came. A put counts until
 * it is stored, a read until it is opened, a listing while it fetches; so streams that are read side
 * by side never wait for each other. A put's body must not itself call this storage.
 */
export function withConcurrencyLimit(storage: Storage, limit: number): Storage {
  return new ConcurrencyLimitedStorage(storage, new Slots(limit));
}

class ConcurrencyLimitedStorage extends ForwardingStorage {
  readonly #slots: Slots;

  constructor(inner: Storage, slots: Slots) {
    super(inner);
    this.#slots = slots;
  }

  override async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    return this.#slots.within(options.signal, () => super.put(key, body, options));
  }

  override async get(key: string, options: GetOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return this.#slots.within(options.signal, () => super.get(key, options));
  }

  override async stat(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    return this.#slots.within(options.signal, () => super.stat(key, options));
  }

  override list(prefix: string, options: CallOptions = {}): AsyncIterable<StoredObject> {
    return this.#slots.eachWithin(options.signal, super.list(prefix, options));
  }

  override listVersions(
    prefix: string,
    options: VersionListOptions = {},
  ): AsyncIterable<ObjectVersion> {
    return this.#slots.eachWithin(options.signal, super.listVersions(prefix, options));
  }

  override async remove(key: string, options: RemoveOptions = {}): Promise<void> {
    return this.#slots.within(options.signal, () => super.remove(key, options));
  }

  override async setLegalHold(
    key: string,
    held: boolean,
    options: VersionOptions = {},
  ): Promise<void> {
    return this.#slots.within(options.signal, () => super.setLegalHold(key, held, options));
  }
}

class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`a concurrency limit is a whole number from 1 on, not ${limit}`);
    this.#free = limit;
  }

  async within<Result>(
    signal: AbortSignal | undefined,
    call: () => Promise<Result>,
  ): Promise<Result> {
    await this.#acquire(signal);
    try {
      return await call();
    } finally {
      this.#release();
    }
  }

  async *eachWithin<Item>(
    signal: AbortSignal | undefined,
    source: AsyncIterable<Item>,
  ): AsyncGenerator<Item> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      while (true) {
        const next = await this.within(signal, () => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(enter);
    });
  }

  /** A slot goes straight to whoever waits longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
