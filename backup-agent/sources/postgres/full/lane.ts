import { quoteLiteral } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import type { SourceSetup } from '../source-setup.ts';

/** Nobody's query may queue behind ours for longer. */
const lockTimeoutMs = 1_000;

/** A session inside a snapshot that can be opened again, in the same snapshot, when it was lost. */
export class Lane implements AsyncDisposable {
  readonly #setup: SourceSetup;
  readonly #snapshot: string;
  readonly #signal: AbortSignal;
  #session: PostgresSession;

  static async open(setup: SourceSetup, snapshot: string, signal: AbortSignal): Promise<Lane> {
    return new Lane(setup, snapshot, signal, await enter(setup, snapshot, signal));
  }

  private constructor(
    setup: SourceSetup,
    snapshot: string,
    signal: AbortSignal,
    session: PostgresSession,
  ) {
    this.#setup = setup;
    this.#snapshot = snapshot;
    this.#signal = signal;
    this.#session = session;
  }

  get client(): PostgresSession['client'] {
    return this.#session.client;
  }

  get pid(): number {
    return this.#session.pid;
  }

  async reopen(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
    this.#session = await enter(this.#setup, this.#snapshot, this.#signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

async function enter(
  setup: SourceSetup,
  snapshot: string,
  signal: AbortSignal,
): Promise<PostgresSession> {
  const session = await connect(setup.target, { signal, lockTimeoutMs });
  await session.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await session.client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
  return session;
}
