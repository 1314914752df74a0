import type { Client } from 'pg';
import type { ReplayTarget } from '../../../../../backup-agent/sources/postgres/changes/replay-target.ts';
import { namedMoment } from '../../../../fixtures/postgres/named-moment.ts';
import type { TestServer } from './test-server.ts';

export const loadTables = `
  CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL, note text);
  ALTER TABLE account ALTER note SET STORAGE EXTERNAL;
  CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int, amount int);
  CREATE TABLE label (name text, number int, v text, PRIMARY KEY (name, number));
  CREATE TABLE heap (v int, w text); ALTER TABLE heap REPLICA IDENTITY FULL;
  CREATE TABLE part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (50);
  CREATE TABLE part_high PARTITION OF part DEFAULT;
  CREATE TABLE bare (v int);
  INSERT INTO account SELECT i, 100, repeat('n', 3000) FROM generate_series(1, 40) i`;

/** A writer waits for nobody but a checkpoint; the same number means that lock everywhere. */
const lock = 4711;

/**
 * Clients that write to all tables until stopped. Any error of theirs is an error of the test: the
 * application must not notice that it is backed up.
 */
export class Writers implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #database: string;
  readonly #running: Promise<void>[] = [];
  #stopped = false;
  transactions = 0;

  constructor(server: TestServer, database: string, count: number) {
    this.#server = server;
    this.#database = database;
    for (let writer = 0; writer < count; writer++) this.#running.push(this.#write(writer));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #write(writer: number): Promise<void> {
    await using session = await this.#server.connect(this.#database);
    while (!this.#stopped) {
      await session.client.query('BEGIN');
      await session.client.query('SELECT pg_advisory_xact_lock_shared($1)', [lock]);
      // In the order of the statements' list, so that writers cannot wait for each other in a circle.
      const chosen = statements.filter(() => Math.random() < 0.3);
      for (const statement of chosen) await session.client.query(statement(writer));
      await session.client.query(Math.random() < 0.9 ? 'COMMIT' : 'ROLLBACK');
      this.transactions++;
    }
  }
}

/** Runs `look` while no writer is in a transaction, and says how to restore to that moment. */
export async function checkpoint<T>(
  client: Client,
  name: string,
  look: () => Promise<T>,
): Promise<{ readonly moment: ReplayTarget; readonly seen: T }> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [lock]);
  const moment = await namedMoment(client, name);
  const seen = await look();
  await client.query('COMMIT');
  return { moment, seen };
}

const pick = (below: number) => Math.floor(Math.random() * below);

/** An account of this writer's alone: two updates of a transaction must not meet another's. */
const own = (writer: number) => 1 + writer + 4 * pick(10);

const statements: readonly ((writer: number) => string)[] = [
  (writer) => `UPDATE account SET balance = balance - 1 WHERE id = ${own(writer)}`,
  (writer) =>
    `UPDATE account SET note = repeat(md5(random()::text), ${pick(200)}) WHERE id = ${own(writer)}`,
  () => `INSERT INTO bare VALUES (${pick(100)})`,
  () => `UPDATE bare SET v = v + 1 WHERE ctid = (${oneOf('bare')})`,
  () => `INSERT INTO entry (account, amount) VALUES (${pick(40)}, 1), (${pick(40)}, -1)`,
  () => `DELETE FROM entry WHERE id = ${pick(500)}`,
  () => `INSERT INTO heap VALUES (${pick(5)}, NULL)`,
  () => `UPDATE heap SET w = 'changed' WHERE ctid = (${oneOf('heap')})`,
  () => `DELETE FROM heap WHERE ctid = (${oneOf('heap')})`,
  () =>
    `INSERT INTO label VALUES ('n${pick(9)}', ${pick(9)}, 'v') ON CONFLICT (name, number) DO NOTHING`,
  () => `UPDATE label SET number = ${pick(2_000_000_000)} WHERE ctid = (${oneOf('label')})`,
  () =>
    `INSERT INTO part VALUES (${pick(100)}, md5(random()::text))
     ON CONFLICT (id) DO UPDATE SET v = excluded.v`,
];

function oneOf(table: string): string {
  return `SELECT ctid FROM ${table} LIMIT 1 FOR UPDATE SKIP LOCKED`;
}
