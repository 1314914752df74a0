import { availableParallelism } from 'node:os';

/**
 * One for each core, of which node's thread pool uses four, and three beside them: one that waits, and
 * two that may be done while an earlier one, which must be handed out first, is not. With one beside
 * them the cores ran dry, at three quarters of the speed of decompression; more only take memory.
 */
export const defaultConcurrency = Math.min(availableParallelism(), 4) + 3;

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
