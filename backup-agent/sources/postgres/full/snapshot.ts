import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { alignSnapshot, enterSnapshot, type AlignedSnapshot } from '../changes/aligned-snapshot.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import type { Lsn } from '../changes/lsn.ts';
import { connect, type PostgresSession } from '../connection.ts';
import type { SourceSetup } from '../source-setup.ts';

/** One moment of the database that any number of sessions can enter, as long as it is held. */
export interface HeldSnapshot extends AsyncDisposable {
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. */
  readonly name: string;
  /** Where a slot that starts here begins; absent without one. */
  readonly point?: Lsn;
  /** Not before any commit that the snapshot sees. */
  readonly time: Date;
  /** A session inside the snapshot. */
  readonly holder: PostgresSession;
}

/** A slot waits for every transaction that is writing when it is made. */
const slotTimeoutMs = 60_000;

const exported = z.object({ name: z.string(), time: z.date() });

/**
 * Holds a snapshot that starts exactly where the temporary slot of that name does. The slot lives as
 * long as the snapshot is held; copy it to keep it. Throws `source-unsuitable` with the sessions in
 * the way when some transaction does not end.
 */
export async function holdSlotSnapshot(
  setup: SourceSetup,
  slot: string,
  signal: AbortSignal,
  timeoutMs = slotTimeoutMs,
): Promise<HeldSnapshot> {
  await using stack = new AsyncDisposableStack();
  const replication = stack.use(await connect(setup.target, { signal, replication: true }));
  const aligned = await makeSlot({ setup, replication, slot, timeoutMs, signal });
  const holder = stack.use(await connect(setup.target, { signal }));
  await enterSnapshot(holder.client, aligned);
  const { name, time } = await reexport(holder);
  const owned = stack.move();
  return { name, time, point: aligned.point, holder, ...disposedWith(owned) };
}

/** Holds an ordinary snapshot: consistent, but no incremental can start from it. */
export async function holdPlainSnapshot(
  setup: SourceSetup,
  signal: AbortSignal,
): Promise<HeldSnapshot> {
  await using stack = new AsyncDisposableStack();
  const holder = stack.use(await connect(setup.target, { signal }));
  await holder.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { name, time } = await reexport(holder);
  return { name, time, holder, ...disposedWith(stack.move()) };
}

/** The slot's own snapshot dies with the next command of its session; this one with the holder. */
async function reexport(holder: PostgresSession): Promise<{ name: string; time: Date }> {
  const { rows } = await holder.client.query(
    'SELECT pg_catalog.pg_export_snapshot() AS name, clock_timestamp() AS time',
  );
  return exported.parse(rows[0]);
}

function disposedWith(stack: AsyncDisposableStack): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

interface SlotWish {
  readonly setup: SourceSetup;
  readonly replication: PostgresSession;
  readonly slot: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

async function makeSlot(wish: SlotWish): Promise<AlignedSnapshot> {
  const { setup, replication, slot, timeoutMs, signal } = wish;
  try {
    return await alignSnapshot(replication, slot, timeoutMs);
  } catch (error) {
    const timedOut =
      isDatabaseError(error) &&
      (error.code === '55P03' || error.code === '57014') &&
      !signal.aborted;
    if (!timedOut) throw error;
    const inTheWay = await writingTransactions(setup, signal);
    throw new HoldfastError(
      'source-unsuitable',
      `the snapshot waited ${timeoutMs / 1000} s for transactions that do not end: ${inTheWay}`,
      { cause: error, hint: 'end those transactions, or run the backup when they have ended' },
    );
  }
}

const writer = z.object({ what: z.string() });

async function writingTransactions(setup: SourceSetup, signal: AbortSignal): Promise<string> {
  await using session = await connect(setup.target, { signal });
  const { rows } = await session.client.query(`
    SELECT concat('process ', pid, ' of ', coalesce(usename, '?'), ' in ', coalesce(datname, '?'),
      ' since ', coalesce(xact_start::text, '?')) AS what
    FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL
    UNION ALL
    SELECT concat('prepared transaction ', gid, ' in ', database, ' since ', prepared)
    FROM pg_catalog.pg_prepared_xacts ORDER BY 1 LIMIT 5`);
  const found = z.array(writer).parse(rows);
  return found.map(({ what }) => what).join('; ') || 'they have ended by now';
}
