import type { Client } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { BackupRun, PreparedBackup } from '../../source.ts';
import { takeStep, type LogEnd } from './capture-step.ts';
import { whyNewFull } from './chain-check.ts';
import type { ChangeFeed, Session } from './change-feed.ts';
import type { FollowState } from './follow-state.ts';
import { parseLsn, type Lsn } from './lsn.ts';
import { readFollowState } from './read-follow-state.ts';
import { readServerIdentity } from './server-identity.ts';
import { advanceSlot, slotStatus } from './slot.ts';

/** What the caller has at hand already. */
export interface BegunCapture {
  /** Stays open. */
  readonly session: Session;
  /** Of the newest backup of the chain. */
  readonly state: FollowState;
}

/**
 * Takes incrementals until the log is captured up to where it stood when the run began: read, store,
 * yield (the caller commits), advance, in that order. Peeking consumes nothing and an advance covers
 * only what is committed, so a crash between any two steps loses and doubles nothing.
 *
 * Returns why a new full is needed instead, or undefined when it is done. Throws `slot-busy` when
 * another backend reads the slot.
 */
export async function* captureChanges(
  feed: ChangeFeed,
  run: BackupRun,
  begun?: BegunCapture,
): AsyncGenerator<PreparedBackup, string | undefined, undefined> {
  const newest = run.chain.at(-1);
  if (newest === undefined) return 'there is no full backup yet';
  let state = begun?.state ?? (await readFollowState(newest, run.signal));
  let since: string = newest.point.time;
  await using stack = new AsyncDisposableStack();
  const { client } = begun?.session ?? stack.use(await feed.connect());
  let goal: Lsn | undefined;
  for (;;) {
    run.signal.throwIfAborted();
    const reason = await checkChain(client, feed, state);
    if (reason !== undefined) return reason;
    const log = await readLogEnd(client);
    if (log.end < parseLsn(state.point)) return 'the log ends before the newest backup does';
    goal ??= log.end;
    const step = await takeStep({ feed, run, client, state, since, log });
    yield step.backup;
    state = step.state;
    since = step.backup.point.time;
    await advanceSlot(client, feed.slot, parseLsn(state.point));
    if (parseLsn(state.point) >= goal) return undefined;
  }
}

/** Step one of the protocol: the slot must stand where the newest backup ends. */
async function checkChain(
  client: Client,
  feed: ChangeFeed,
  state: FollowState,
): Promise<string | undefined> {
  const server = await readServerIdentity(client, feed.publications);
  if (server.recovering) {
    throw new HoldfastError('source-standby', 'the server is a standby: back up its primary');
  }
  const slot = await slotStatus(client, state.slot);
  const reason = whyNewFull({ state, server, slot });
  if (reason !== undefined || slot === undefined) return reason;
  if (slot.activePid !== null) {
    throw new HoldfastError('slot-busy', `backend ${slot.activePid} reads slot ${slot.name}`);
  }
  // Behind: a crash came between commit and advance, or the server forgot the advance in its own.
  const point = parseLsn(state.point);
  if (slot.confirmedLsn !== null && slot.confirmedLsn < point) {
    await advanceSlot(client, state.slot, point);
  }
  return undefined;
}

/** The driver answers several statements with as many results. */
const logEndAnswers = z.tuple([
  z.unknown(),
  z.unknown(),
  z.object({ rows: z.tuple([z.object({ time: z.date() })]) }),
  z.unknown(),
  z.unknown(),
  z.object({ rows: z.tuple([z.object({ end: z.string() })]) }),
]);

/**
 * The clock is read first: what committed before `time` is before `end`. A commit made with
 * synchronous_commit off is visible before it is flushed, and only flushed log can be decoded; so a
 * small message, committed with a flush, brings the rest of the log to disk with it.
 */
async function readLogEnd(client: Client): Promise<LogEnd> {
  const answers: unknown = await client.query(`
    BEGIN; SET LOCAL synchronous_commit = local; SELECT clock_timestamp() AS time;
    SELECT pg_catalog.pg_logical_emit_message(true, 'holdfast-flush', ''); COMMIT;
    SELECT pg_catalog.pg_current_wal_flush_lsn()::text AS end`);
  const [, , clock, , , log] = logEndAnswers.parse(answers);
  return { time: clock.rows[0].time, end: parseLsn(log.rows[0].end) };
}
