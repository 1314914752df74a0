import { setTimeout as delay } from 'node:timers/promises';
import { ForwardingStorage } from './forwarding.ts';
import type { Body, GetOptions, PutOptions, Storage, StoredObject } from './storage.ts';

export interface BandwidthLimits {
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
  readonly sleep?: (pauseMs: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Keeps uploads and downloads, each taken together, at or below their rates: a chunk waits until the
 * ones before it have had their time. Repeated requests of the storage below are not counted.
 */
export function withBandwidthLimit(storage: Storage, limits: BandwidthLimits): Storage {
  return new LimitedStorage(storage, limits);
}

class LimitedStorage extends ForwardingStorage {
  readonly #upload: Pace;
  readonly #download: Pace;

  constructor(inner: Storage, limits: BandwidthLimits) {
    super(inner);
    this.#upload = new Pace(limits.uploadBytesPerSecond, limits);
    this.#download = new Pace(limits.downloadBytesPerSecond, limits);
  }

  override async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    if (!(body instanceof Uint8Array))
      return super.put(key, this.#upload.paced(body, options.signal), options);
    // Stays one piece, so that the storage below can repeat it.
    await this.#upload.take(body.byteLength, options.signal);
    return super.put(key, body, options);
  }

  override async get(key: string, options: GetOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return this.#download.paced(await super.get(key, options), options.signal);
  }
}

class Pace {
  readonly #bytesPerMs: number;
  readonly #nowMs: () => number;
  readonly #sleep: NonNullable<BandwidthLimits['sleep']>;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number | undefined, limits: BandwidthLimits) {
    this.#bytesPerMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.#nowMs = limits.nowMs ?? (() => performance.now());
    this.#sleep =
      limits.sleep ??
      (async (pauseMs, signal) =>
        delay(pauseMs, undefined, signal === undefined ? {} : { signal }));
  }

  /** Waits for the bytes' turn. Turns are given in the order of the calls. */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const nowMs = this.#nowMs();
    const turnMs = Math.max(this.#freeAtMs, nowMs);
    this.#freeAtMs = turnMs + bytes / this.#bytesPerMs;
    if (turnMs <= nowMs) return;
    try {
      await this.#sleep(turnMs - nowMs, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  async *paced(
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      await this.take(chunk.byteLength, signal);
      yield chunk;
    }
  }
}
