import { availableParallelism } from 'node:os';

/**
 * One for each core, of which node's thread pool uses four, and one that waits, so that none of them
 * runs dry. More of them would only take memory, and the cache from each other.
 */
export const defaultConcurrency = Math.min(availableParallelism(), 4) + 1;

/**
 * Results under way, handed out in the order they were started. Bounds how many there are, and when
 * it is disposed waits for those nobody asked for, so that no work is left running.
 */
export class InFlight<Result> implements AsyncDisposable {
  readonly #limit: number;
  readonly #running: Promise<Result>[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#running.length >= this.#limit;
  }

  start(result: Promise<Result>): void {
    // It is awaited in its turn; until then a failure must not count as unhandled.
    result.catch(() => undefined);
    this.#running.push(result);
  }

  /** The oldest result; rejects as that one did. */
  async next(): Promise<Result> {
    const oldest = this.#running.shift();
    if (oldest === undefined) throw new RangeError('nothing is in flight');
    return oldest;
  }

  /** Everything that is left, in order. */
  async *rest(): AsyncGenerator<Result, void> {
    while (this.#running.length > 0) yield await this.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}
