import { isHoldfastError } from '../errors/holdfast-error.ts';
import { compareKeys } from './key.ts';
import { defaultRetryPolicy, pauseOrThrow, retrying, type RetryPolicy } from './retry-policy.ts';
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
 * Repeats what failed for a passing reason. A read that breaks off goes on where it stopped, a
 * listing after the last key it gave. A put is repeated only if its body is at hand as bytes, and one
 * that failed without an answer, but arrived, succeeds.
 */
export function withRetry(storage: Storage, policy: Partial<RetryPolicy> = {}): Storage {
  return new RetryingStorage(storage, { ...defaultRetryPolicy, ...policy });
}

class RetryingStorage implements Storage {
  readonly location: string;
  readonly #inner: Storage;
  readonly #policy: RetryPolicy;

  constructor(inner: Storage, policy: RetryPolicy) {
    this.location = inner.location;
    this.#inner = inner;
    this.#policy = policy;
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    if (!(body instanceof Uint8Array)) return this.#inner.put(key, body, options);
    return this.#retrying(options, async (attempt) => {
      try {
        return await this.#inner.put(key, body, options);
      } catch (error) {
        const arrived =
          attempt > 1 && isConflict(error) && (await this.#findOwn(key, body, options));
        if (arrived) return arrived;
        throw error;
      }
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const first = await this.#retrying(options, () => this.#inner.get(key, options));
    return this.#readOn(key, options, first);
  }

  async stat(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    return this.#retrying(options, () => this.#inner.stat(key, options));
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<StoredObject> {
    let last: string | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const object of this.#inner.list(prefix, options)) {
          if (last !== undefined && compareKeys(object.key, last) <= 0) continue;
          last = object.key;
          attempt = 1;
          yield object;
        }
        return;
      } catch (error) {
        await pauseOrThrow(this.#policy, options.signal, attempt, error);
      }
    }
  }

  /** Repeated only before the first version is given: a key alone does not tell where it stopped. */
  async *listVersions(
    prefix: string,
    options: VersionListOptions = {},
  ): AsyncGenerator<ObjectVersion> {
    let begun = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const version of this.#inner.listVersions(prefix, options)) {
          begun = true;
          yield version;
        }
        return;
      } catch (error) {
        if (begun) throw error;
        await pauseOrThrow(this.#policy, options.signal, attempt, error);
      }
    }
  }

  async remove(key: string, options: RemoveOptions = {}): Promise<void> {
    return this.#retrying(options, () => this.#inner.remove(key, options));
  }

  async setLegalHold(key: string, held: boolean, options: VersionOptions = {}): Promise<void> {
    return this.#retrying(options, () => this.#inner.setLegalHold(key, held, options));
  }

  async removeUnfinished(before: Date, options: CallOptions = {}): Promise<number> {
    return this.#retrying(options, () => this.#inner.removeUnfinished(before, options));
  }

  async assertWritable(options: CallOptions = {}): Promise<void> {
    return this.#retrying(options, () => this.#inner.assertWritable(options));
  }

  async now(options: CallOptions = {}): Promise<Date> {
    return this.#retrying(options, () => this.#inner.now(options));
  }

  async close(): Promise<void> {
    return this.#inner.close();
  }

  async *#readOn(
    key: string,
    options: GetOptions,
    first: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    let source = first;
    let received = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const chunk of source) {
          received += chunk.byteLength;
          attempt = 1;
          yield chunk;
        }
        return;
      } catch (error) {
        await pauseOrThrow(this.#policy, options.signal, attempt, error);
      }
      const rest = restOf(options, received);
      source = await this.#retrying(options, () => this.#inner.get(key, rest));
    }
  }

  /** The object, if its content is the body's. */
  async #findOwn(
    key: string,
    body: Uint8Array,
    { signal }: CallOptions,
  ): Promise<StoredObject | undefined> {
    const call = signal === undefined ? {} : { signal };
    const stored = await this.#inner.stat(key, call);
    if (stored?.sizeBytes !== body.byteLength) return undefined;
    const content = Buffer.concat(await Array.fromAsync(await this.#inner.get(key, call)));
    return content.equals(body) ? stored : undefined;
  }

  #retrying<Result>(
    { signal }: CallOptions,
    call: (attempt: number) => Promise<Result>,
  ): Promise<Result> {
    return retrying(this.#policy, signal, call);
  }
}

function isConflict(error: unknown): boolean {
  return (
    isHoldfastError(error, 'storage-object-exists') || isHoldfastError(error, 'storage-changed')
  );
}

/** The same read without the bytes that were received. */
function restOf(options: GetOptions, received: number): GetOptions {
  const { start = 0, end } = options.range ?? {};
  const range = { start: start + received, ...(end === undefined ? {} : { end }) };
  return { ...options, range };
}
