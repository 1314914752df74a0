import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { PostgresSession } from '../connection.ts';

/** A statement that waits for us this long makes us give way; the promise is a second. */
const patienceMs = 400;

const row = z.object({ pid: z.int() });

/** Those of the given backends that others have been waiting for. */
const query = `
SELECT DISTINCT blocker.pid
FROM pg_catalog.pg_locks waiting
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(waiting.pid)) AS blocker (pid)
WHERE NOT waiting.granted AND blocker.pid = ANY ($1::int[])`;

/** A session that may be another one after it gave way. */
export interface Yielding {
  readonly pid: number;
}

/**
 * Watches whether sessions of ours stand in somebody's way and ends what they run. Reading takes the
 * weakest lock, so only DDL ever waits for it; but every later query of the application queues up
 * behind that DDL. First the statement is cancelled; a backend that does not heed it, because it is
 * stuck in sending to a slow reader, is ended.
 */
export class YieldWatch implements AsyncDisposable {
  readonly #watcher: PostgresSession;
  readonly #sessions: readonly Yielding[];
  readonly #yielded = new Set<number>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(watcher: PostgresSession, sessions: readonly Yielding[]) {
    this.#watcher = watcher;
    this.#sessions = sessions;
    this.#watching = this.#watch();
  }

  /** Whether the backend was told to give way; asking forgets it. */
  hasYielded(pid: number): boolean {
    return this.#yielded.delete(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    try {
      for (;;) {
        await delay(patienceMs, undefined, { signal: this.#stop.signal });
        const pids = this.#sessions.map(({ pid }) => pid);
        const { rows } = await this.#watcher.client.query(query, [pids]);
        for (const { pid } of z.array(row).parse(rows)) await this.#giveWay(pid);
      }
    } catch {
      // Stopped, or the connection broke: then the copies fail by themselves.
    }
  }

  async #giveWay(pid: number): Promise<void> {
    const verb = this.#yielded.has(pid) ? 'terminate' : 'cancel';
    this.#yielded.add(pid);
    await this.#watcher.client.query(`SELECT pg_catalog.pg_${verb}_backend($1)`, [pid]);
  }
}
