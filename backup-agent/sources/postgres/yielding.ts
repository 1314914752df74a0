import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { z } from 'zod';

/** A statement that waits for us this long makes us give way; the promise is a second. */
const patienceMs = 400;

const row = z.object({ pid: z.int() });

/** Those of our backends, by number or by the name of their program, that others wait for. */
const query = `
SELECT DISTINCT blocker.pid
FROM pg_catalog.pg_locks waiting
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(waiting.pid)) AS blocker (pid)
WHERE NOT waiting.granted AND (blocker.pid = ANY ($1::int[]) OR blocker.pid IN (
  SELECT pid FROM pg_catalog.pg_stat_activity WHERE application_name = $2))`;

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
  readonly #watcher: ClientBase;
  readonly #sessions: readonly Yielding[];
  readonly #program: string | undefined;
  readonly #yielded = new Set<number>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  /** `program`: an `application_name` that only sessions of ours have; for other programs. */
  constructor(watcher: ClientBase, sessions: readonly Yielding[], program?: string) {
    this.#watcher = watcher;
    this.#sessions = sessions;
    this.#program = program;
    this.#watching = this.#watch();
  }

  /** Whether the backend was told to give way; asking forgets it. */
  hasYielded(pid: number): boolean {
    return this.#yielded.delete(pid);
  }

  /** Whether any session was told to give way. */
  get hasAnyYielded(): boolean {
    return this.#yielded.size > 0;
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
        const { rows } = await this.#watcher.query(query, [pids, this.#program]);
        for (const { pid } of z.array(row).parse(rows)) await this.#giveWay(pid);
      }
    } catch {
      // Stopped, or the connection broke: then the copies fail by themselves.
    }
  }

  async #giveWay(pid: number): Promise<void> {
    const verb = this.#yielded.has(pid) ? 'terminate' : 'cancel';
    this.#yielded.add(pid);
    await this.#watcher.query(`SELECT pg_catalog.pg_${verb}_backend($1)`, [pid]);
  }
}
