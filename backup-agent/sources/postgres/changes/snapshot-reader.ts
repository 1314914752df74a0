import type { Client } from 'pg';
import { z } from 'zod';
import { enterSnapshot, type AlignedSnapshot } from './aligned-snapshot.ts';
import type { ChangeFeed, Session } from './change-feed.ts';

const pidRow = z.object({ pid: z.int() });

/** A session inside a snapshot that can be opened again, in the same snapshot, when it was lost. */
export class SnapshotReader implements AsyncDisposable {
  readonly #feed: Pick<ChangeFeed, 'connect'>;
  readonly #snapshot: AlignedSnapshot;
  #session: Session;
  #pid: number;

  static async open(
    feed: Pick<ChangeFeed, 'connect'>,
    snapshot: AlignedSnapshot,
  ): Promise<SnapshotReader> {
    const { session, pid } = await enter(feed, snapshot);
    return new SnapshotReader(feed, snapshot, session, pid);
  }

  private constructor(
    feed: Pick<ChangeFeed, 'connect'>,
    snapshot: AlignedSnapshot,
    session: Session,
    pid: number,
  ) {
    this.#feed = feed;
    this.#snapshot = snapshot;
    this.#session = session;
    this.#pid = pid;
  }

  get client(): Client {
    return this.#session.client;
  }

  /** Its backend on the server. */
  get pid(): number {
    return this.#pid;
  }

  async reopen(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
    const { session, pid } = await enter(this.#feed, this.#snapshot);
    this.#session = session;
    this.#pid = pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

async function enter(feed: Pick<ChangeFeed, 'connect'>, snapshot: AlignedSnapshot) {
  const session = await feed.connect();
  await enterSnapshot(session.client, snapshot);
  const { rows } = await session.client.query('SELECT pg_catalog.pg_backend_pid() AS pid');
  return { session, pid: pidRow.parse(rows[0]).pid };
}
