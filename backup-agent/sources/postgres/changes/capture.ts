import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { BackupRun, BackupWriter, PreparedBackup } from '../../source.ts';
import { alignSnapshot, enterSnapshot } from './aligned-snapshot.ts';
import { whyNewFull } from './chain-check.ts';
import type { ChangeFeed } from './change-feed.ts';
import { ChangeWatcher, type ChangeSummary } from './change-summary.ts';
import {
  followStateName,
  parseFollowState,
  type FollowState,
  type StoredChangesEntry,
  type TableCopy,
  type TableState,
} from './follow-state.ts';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';
import { peekChanges } from './peek.ts';
import { readSequences } from './sequences.ts';
import { readServerIdentity } from './server-identity.ts';
import { advanceSlot, slotStatus } from './slot.ts';
import { readTables, tableStates } from './table-catalog.ts';
import { copyTables, type WantedCopy } from './table-copy.ts';

/** The object that holds an incremental's changes. */
export const changesObjectName = 'changes-0001.pgoutput';

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
): AsyncGenerator<PreparedBackup, string | undefined, undefined> {
  const newest = run.chain.at(-1);
  if (newest === undefined) return 'there is no full backup yet';
  let state = parseFollowState(await readText(await newest.readMeta(followStateName, run.signal)));
  await using session = await feed.connect();
  const { client } = session;
  let goal: Lsn | undefined;
  for (;;) {
    run.signal.throwIfAborted();
    const reason = await checkChain(client, feed, state);
    if (reason !== undefined) return reason;
    const log = await readLogEnd(client);
    if (log.end < parseLsn(state.point)) return 'the log ends before the newest backup does';
    goal ??= log.end;
    const step = await takeStep({ feed, run, client, state, log });
    yield step.backup;
    state = step.state;
    await advanceSlot(client, feed.slot, parseLsn(state.point));
    if (parseLsn(state.point) >= goal) return undefined;
  }
}

/** Step one of the protocol: the slot must stand where the newest backup ends. */
async function checkChain(
  client: ClientBase,
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

interface LogEnd {
  readonly time: Date;
  readonly end: Lsn;
}

const logEndRow = z.object({ time: z.date(), end: z.string() });

/** The clock is read first: what committed before `time` is before `end`. */
async function readLogEnd(client: ClientBase): Promise<LogEnd> {
  const time = await client.query('SELECT clock_timestamp() AS time');
  const end = await client.query('SELECT pg_catalog.pg_current_wal_flush_lsn()::text AS end');
  const row = logEndRow.parse({ ...time.rows[0], ...end.rows[0] });
  return { time: row.time, end: parseLsn(row.end) };
}

interface Step {
  readonly feed: ChangeFeed;
  readonly run: BackupRun;
  readonly client: ClientBase;
  readonly state: FollowState;
  readonly log: LogEnd;
}

interface StepResult {
  readonly state: FollowState;
  readonly backup: PreparedBackup;
}

async function takeStep(step: Step): Promise<StepResult> {
  const { feed, state, log } = step;
  const limit = parseLsn(state.point) + BigInt(feed.maxWalBytes);
  if (log.end > limit) return takePlain(step, { upTo: limit, tables: state.tables });
  const tables = await currentTables(step.client, step);
  if (wantedCopies(state.tables, tables).length === 0) {
    return takePlain(step, { upTo: log.end, tables, time: log.time });
  }
  return takeAligned(step);
}

/** What an incremental holds besides its changes, and where it ends. */
interface StepEnd {
  readonly upTo: Lsn;
  readonly tables: readonly TableState[];
  /** When the end was now; where it was not, the last commit's time stands in. */
  readonly time?: Date;
  readonly copies?: readonly TableCopy[];
  readonly problems?: readonly Problem[];
  readonly writer?: BackupWriter;
}

/** Reads the changes up to a position, stores them, and describes the result. */
async function takePlain(step: Step, end: StepEnd): Promise<StepResult> {
  const { feed, run, client, state } = step;
  const writer = end.writer ?? (await run.begin('incremental'));
  const watcher = new ChangeWatcher();
  const { majorVersion } = state.server;
  const { slot, publications } = feed;
  run.progress.step('read changes');
  const stream = peekChanges(client, { slot, publications, majorVersion, upTo: end.upTo });
  await writer.writeObject(changesObjectName, watcher.watch(stream));
  const summary = watcher.summary();
  const next: FollowState = {
    ...state,
    point: formatLsn(end.upTo),
    tables: [...end.tables],
    changes: describeChanges(summary, state.point, end.upTo),
    copies: [...(end.copies ?? [])],
    sequences: await readSequences(client),
  };
  await writer.writeMeta(followStateName, [Buffer.from(JSON.stringify(next))]);
  return { state: next, backup: prepare(step, end, { writer, summary }) };
}

function prepare(
  step: Step,
  end: StepEnd,
  written: { readonly writer: BackupWriter; readonly summary: ChangeSummary },
): PreparedBackup {
  const { writer, summary } = written;
  const { slot, server } = step.state;
  const time = end.time ?? lastCommitTime(summary) ?? step.run.chain.at(-1)?.point.time;
  return {
    writer,
    kind: 'incremental',
    point: {
      time: typeof time === 'string' ? time : (time ?? step.log.time).toISOString(),
      lsn: formatLsn(end.upTo),
    },
    problems: end.problems ?? [],
    source: {
      slot,
      systemIdentifier: server.systemIdentifier,
      timeline: server.timeline,
      majorVersion: server.majorVersion,
      fromLsn: step.state.point,
      transactions: summary.transactions,
      copies: end.copies?.length ?? 0,
    },
    items: summary.changes + (end.copies ?? []).reduce((sum, copy) => sum + copy.rows, 0),
  };
}

/**
 * Changes and whole tables that end at the same position: a temporary slot's. Where it cannot be had
 * in time, the changes are taken alone, and the next run tries again.
 */
async function takeAligned(step: Step): Promise<StepResult> {
  const { feed, run, client, state } = step;
  await using replication = await feed.connectReplication();
  await using reader = await feed.connect();
  await replication.client.query(`SET statement_timeout = ${feed.alignTimeoutMs}`);
  const snapshot = await alignSnapshot(replication, `${feed.slot}_align_${process.pid}`);
  const time = (await readLogEnd(client)).time;
  await enterSnapshot(reader.client, snapshot);
  const tables = await currentTables(reader.client, step);
  const writer = await run.begin('incremental');
  const wanted = wantedCopies(state.tables, tables);
  run.progress.step(`copy ${wanted.length} tables whole`);
  const { copies, problems } = await copyTables(reader.client, writer, wanted, run);
  await reader.client.query('ROLLBACK');
  return takePlain(step, {
    upTo: snapshot.point,
    tables: keepUncopied(state.tables, tables, wanted, copies),
    time,
    copies,
    problems,
    writer,
  });
}

async function currentTables(client: ClientBase, { feed, state }: Step): Promise<TableState[]> {
  return tableStates(await readTables(client, feed.publications, state.server.majorVersion));
}

/** Tables that are not what the chain's newest backup knows, or that can never be followed. */
function wantedCopies(before: readonly TableState[], now: readonly TableState[]): WantedCopy[] {
  const known = new Map(before.map((table) => [table.oid, table]));
  return now.flatMap((table) => {
    const former = known.get(table.oid);
    if (table.coverage.level === 'none') return [];
    if (table.coverage.level === 'boundary') {
      return [{ table, reason: table.coverage.reason ?? 'its changes cannot be followed' }];
    }
    if (former === undefined) return [{ table, reason: 'it is new' }];
    if (former.coverage.level !== 'commit') return [{ table, reason: 'it can be followed now' }];
    if (former.fingerprint === table.fingerprint) return [];
    return [{ table, reason: 'its definition changed or it was rewritten' }];
  });
}

/** A table that could not be copied keeps its former fingerprint, so that the next run copies it. */
function keepUncopied(
  before: readonly TableState[],
  now: readonly TableState[],
  wanted: readonly WantedCopy[],
  copies: readonly TableCopy[],
): TableState[] {
  const copied = new Set(copies.map((copy) => copy.oid));
  const missed = new Set(wanted.map(({ table }) => table.oid).filter((oid) => !copied.has(oid)));
  const known = new Map(before.map((table) => [table.oid, table]));
  return now.flatMap((table) => {
    if (!missed.has(table.oid)) return [table];
    const former = known.get(table.oid);
    return former === undefined ? [] : [former];
  });
}

function describeChanges(summary: ChangeSummary, from: string, upTo: Lsn): StoredChangesEntry {
  const moment = (begin: { commitLsn: Lsn; commitTimeUs: bigint }) => ({
    lsn: formatLsn(begin.commitLsn),
    timeUs: String(begin.commitTimeUs),
  });
  return {
    object: changesObjectName,
    from,
    to: formatLsn(upTo),
    transactions: summary.transactions,
    changes: summary.changes,
    ...(summary.first && { first: moment(summary.first) }),
    ...(summary.last && { last: moment(summary.last) }),
    markers: summary.markers.map((marker) => ({ name: marker.name, ...moment(marker) })),
  };
}

function lastCommitTime(summary: ChangeSummary): Date | undefined {
  if (summary.last === undefined) return undefined;
  return new Date(Number(summary.last.commitTimeUs / 1000n));
}

async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}
