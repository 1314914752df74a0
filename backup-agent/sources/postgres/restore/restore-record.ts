import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteLiteral } from '../changes/quote.ts';
import type { RestoreOptions } from './restore-options.ts';
import { progressSchema, removeReplayProgress } from '../changes/replay-progress.ts';

const wishesTable = `${progressSchema}.restore`;
const doneTable = `${progressSchema}.done`;

/** What a restore was asked for: only the same may go on where it stopped. Plain JSON. */
const restoreWishes = z.strictObject({
  /** The chain, its full first. */
  backups: z.array(z.string()),
  moment: z.string(),
  owners: z.boolean(),
  privileges: z.boolean(),
  roleMapping: z.record(z.string(), z.string()),
  skipExtensions: z.array(z.string()),
  activate: z.array(z.string()),
  tables: z.array(z.string()),
  /** Of a masking profile and its key: a mask that begins must go on as the same one. */
  mask: z.string(),
});
export type RestoreWishes = z.infer<typeof restoreWishes>;

/** What these options ask for, to be compared with an earlier run's. */
export function wishesOf(options: RestoreOptions): RestoreWishes {
  const { chain, moment = { kind: 'end' }, noOwner = false, noPrivileges = false } = options;
  const { roleMapping = {}, skipExtensions = [], activate = [], tables = [], mask } = options;
  return {
    backups: chain.map(({ id }) => id),
    moment: Object.values(moment).map(String).join(' '),
    owners: !noOwner,
    privileges: !noPrivileges,
    roleMapping,
    skipExtensions: [...skipExtensions],
    activate: [...activate],
    tables: [...tables],
    mask: mask ? mask.key.digest('profile', JSON.stringify(mask.profile)).toString('hex') : '',
  };
}

/** A killed run's backends notice within two seconds from PostgreSQL 14 on; before, when they are done. */
const lockTimeoutMs = 5_000;
/** Advisory locks of the restored database: of the run, and of its parallel sessions. */
const runLock = 'holdfast restore';
const laneLock = 'holdfast restore lane';

const creation = 'create the database';

const wishesRow = z.object({ wishes: restoreWishes });
const doneRow = z.object({ step: z.string(), note: z.string().nullable() });

/**
 * What a restore has done so far, in the database that it restores into: every step is recorded in the
 * transaction that does it, so a restore that was killed goes on after the last one.
 */
export class RestoreRecord {
  readonly #done: Map<string, string | null>;
  /** Whether an earlier run began it. */
  readonly resumed: boolean;

  private constructor(done: Map<string, string | null>, resumed: boolean) {
    this.#done = done;
    this.resumed = resumed;
  }

  /**
   * Finds what an earlier run left; undefined when there is nothing. Throws `target-not-empty`, and
   * says how to go on, when that run was asked for something else.
   */
  static async find(client: ClientBase, wishes: RestoreWishes): Promise<RestoreRecord | undefined> {
    const { rows } = await client.query(
      'SELECT pg_catalog.to_regclass($1) IS NOT NULL AS present',
      [wishesTable],
    );
    if (rows[0]?.present !== true) return undefined;
    const found = await client.query(`SELECT wishes FROM ${wishesTable}`);
    requireSame(wishesRow.parse(found.rows[0]).wishes, wishes);
    const steps = await client.query(`SELECT step, note FROM ${doneTable}`);
    const done = z.array(doneRow).parse(steps.rows);
    return new RestoreRecord(new Map(done.map(({ step, note }) => [step, note])), true);
  }

  /** Starts a record. From here on the database is no longer empty. */
  static async begin(
    client: ClientBase,
    wishes: RestoreWishes,
    createdDatabase: boolean,
  ): Promise<RestoreRecord> {
    const record = new RestoreRecord(
      new Map<string, null>(createdDatabase ? [[creation, null]] : []),
      false,
    );
    await client.query(`
      CREATE SCHEMA ${progressSchema};
      CREATE TABLE ${doneTable} (step text PRIMARY KEY, note text);
      CREATE TABLE ${wishesTable} (wishes jsonb NOT NULL);
      INSERT INTO ${wishesTable} VALUES (${quoteLiteral(JSON.stringify(wishes))});
      ${createdDatabase ? record.statement(creation) : ''}`);
    return record;
  }

  /** Whether the restore made the database, in this run or in an earlier one. */
  get createdDatabase(): boolean {
    return this.#done.has(creation);
  }

  isDone(step: string): boolean {
    return this.#done.has(step);
  }

  /** The statement that records a step; for the transaction that does it. */
  statement(step: string, note?: Problem): string {
    const values = [step, ...(note ? [JSON.stringify(note)] : [])].map(quoteLiteral);
    return `INSERT INTO ${doneTable} VALUES (${values.join(', ')})`;
  }

  /** What earlier runs left out, and why. */
  notes(): Problem[] {
    return [...this.#done.values()].flatMap((note) =>
      note === null ? [] : [problem.parse(JSON.parse(note))],
    );
  }

  /** The restore is whole: nothing of the record stays. */
  async remove(client: ClientBase): Promise<void> {
    await removeReplayProgress(client);
  }
}

const problem = z.strictObject({ where: z.string(), what: z.string() });

function requireSame(former: RestoreWishes, wishes: RestoreWishes): void {
  const differing = (Object.keys(former) as (keyof RestoreWishes)[]).filter(
    (key) => JSON.stringify(sorted(former[key])) !== JSON.stringify(sorted(wishes[key])),
  );
  if (differing.length === 0) return;
  const list = differing
    .map((key) => `${key} ${JSON.stringify(former[key])}, not ${JSON.stringify(wishes[key])}`)
    .join('; ');
  throw new HoldfastError(
    'target-not-empty',
    `the database holds an unfinished restore that was asked for otherwise: ${list}`,
    {
      hint: `to go on with it, ask for the same with --backup ${former.backups.at(-1) ?? ''}; to begin anew, drop the database, or the tables of that restore and the schema ${progressSchema}`,
    },
  );
}

/** jsonb keeps no order of keys. */
function sorted(value: RestoreWishes[keyof RestoreWishes]): unknown {
  if (Array.isArray(value) || typeof value !== 'object') return value;
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Makes this session the only restore of its database. What a killed run still has going on is waited
 * for; throws `target-unsuitable`, naming the process, when it does not end.
 */
export async function lockRestore(client: ClientBase): Promise<void> {
  await client.query(`SET lock_timeout = ${lockTimeoutMs}`);
  try {
    await client.query('SELECT pg_catalog.pg_advisory_lock(hashtext($1))', [runLock]);
    await client.query('SELECT pg_catalog.pg_advisory_lock(hashtext($1))', [laneLock]);
    await client.query('SELECT pg_catalog.pg_advisory_unlock(hashtext($1))', [laneLock]);
  } catch (error) {
    if (!isDatabaseError(error) || error.code !== '55P03') throw error;
    throw await otherRestore(client, error);
  }
  await client.query('SET lock_timeout = 0');
}

/** So that the next run waits for this session, should this run be killed. */
export async function lockLane(client: ClientBase): Promise<void> {
  await client.query('SELECT pg_catalog.pg_advisory_lock_shared(hashtext($1))', [laneLock]);
}

async function otherRestore(client: ClientBase, cause: unknown): Promise<HoldfastError> {
  const { rows } = await client.query(
    `SELECT DISTINCT pid FROM pg_catalog.pg_locks
     WHERE locktype = 'advisory' AND granted AND pid <> pg_catalog.pg_backend_pid()
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`,
  );
  const pids = rows.map(({ pid }: { pid: number }) => pid).join(', ');
  return new HoldfastError(
    'target-unsuitable',
    `another restore into this database is at work: process ${pids || 'unknown'} of the server`,
    {
      cause,
      hint: 'wait for it; if it belongs to a run that was killed, end it with pg_terminate_backend',
    },
  );
}
