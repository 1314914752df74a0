import type { ClientBase } from 'pg';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupRun, BackupWriter, PreparedBackup } from '../../source.ts';
import { alignSnapshot, enterSnapshot, type AlignedSnapshot } from './aligned-snapshot.ts';
import { readCatalogStamp } from './catalog-stamp.ts';
import type { ChangeFeed } from './change-feed.ts';
import { ChangeWatcher, type ChangeSummary } from './change-summary.ts';
import { isDatabaseError } from './database-error.ts';
import {
  followStateName,
  type FollowState,
  type StoredChangesEntry,
  type TableCopy,
  type TableState,
} from './follow-state.ts';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';
import { peekChanges } from './peek.ts';
import { readSequences } from './sequences.ts';
import { readTables, tableStates } from './table-catalog.ts';
import { copyTables } from './table-copy.ts';
import { failedRequired, wantedCopies } from './table-differences.ts';

/** The object that holds an incremental's changes. */
export const changesObjectName = 'changes-0001.pgoutput';
/** The object with the schema, where it is not the one of the backup before. */
export const schemaObjectName = 'schema.sql';

export interface LogEnd {
  readonly time: Date;
  readonly end: Lsn;
}

/** Everything that one incremental starts from. */
export interface Step {
  readonly feed: ChangeFeed;
  readonly run: BackupRun;
  readonly client: ClientBase;
  /** Of the backup that it hangs on. */
  readonly state: FollowState;
  /** The time of that backup's point. */
  readonly since: string;
  readonly log: LogEnd;
}

export interface StepResult {
  readonly state: FollowState;
  readonly backup: PreparedBackup;
}

/** Takes one incremental: changes alone where they say everything, whole tables with them where not. */
export async function takeStep(step: Step): Promise<StepResult> {
  const { client, feed, state, log } = step;
  const limit = parseLsn(state.point) + BigInt(feed.maxWalBytes);
  if (log.end > limit) return takeChanges(step, { upTo: limit });
  const tables = await currentTables(client, step);
  const stamp = await readCatalogStamp(client);
  if (wantedCopies(state.tables, tables).length === 0 && stamp === state.catalogStamp) {
    return takeChanges(step, { upTo: log.end, time: log.time });
  }
  return takeAligned(step);
}

/** What an incremental holds besides its changes, and where it ends. */
interface StepEnd {
  readonly upTo: Lsn;
  /** When the end was now; where it was not, the last commit's time stands in. */
  readonly time?: Date;
  readonly writer?: BackupWriter;
  readonly aligned?: Aligned;
  readonly problems?: readonly Problem[];
}

/** What was read in the snapshot that ends where the changes do. */
interface Aligned {
  readonly tables: TableState[];
  readonly catalogStamp: string;
  readonly schema?: string;
  readonly copies: TableCopy[];
}

/** Reads the changes up to a position, stores them, and describes the result. */
async function takeChanges(step: Step, end: StepEnd): Promise<StepResult> {
  const { feed, run, client, state } = step;
  const writer = end.writer ?? (await run.begin('incremental'));
  const watcher = new ChangeWatcher();
  const { majorVersion } = state.server;
  const { slot, publications } = feed;
  run.progress.step('read changes');
  const stream = peekChanges(client, { slot, publications, majorVersion, upTo: end.upTo });
  await writer.writeObject(changesObjectName, watcher.watch(stream));
  const summary = watcher.summary();
  const { schema: _, ...former } = state;
  const next: FollowState = {
    ...former,
    ...(end.aligned ?? { copies: [] }),
    point: formatLsn(end.upTo),
    changes: describeChanges(summary, state.point, end.upTo),
    sequences: await readSequences(client),
  };
  await writer.writeMeta(followStateName, [Buffer.from(JSON.stringify(next))]);
  return { state: next, backup: prepare(step, end, { writer, summary }) };
}

/**
 * Changes, whole tables and the schema, all ending at the same position: a temporary slot's. Where that
 * cannot be had (a transaction that does not end, a locked table) the changes are taken alone, which
 * is said, and the next run tries again.
 */
async function takeAligned(step: Step): Promise<StepResult> {
  const { feed, run, log } = step;
  await using replication = await feed.connectReplication();
  let snapshot: AlignedSnapshot;
  try {
    snapshot = await alignSnapshot(replication, `${feed.slot}_align`, feed.alignTimeoutMs);
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    const what = `tables and schema could not be copied in step with the changes: ${error.message}`;
    const problems = [{ where: 'schema and tables that cannot be followed', what }];
    return takeChanges(step, { upTo: log.end, time: log.time, problems });
  }
  await using reader = await feed.connect();
  await enterSnapshot(reader.client, snapshot);
  const writer = await run.begin('incremental');
  const end = { upTo: snapshot.point, time: log.time, writer };
  const { aligned, problems } = await readAligned(step, {
    client: reader.client,
    snapshot,
    writer,
  });
  await reader.client.query('ROLLBACK');
  return takeChanges(step, { ...end, problems, ...(aligned && { aligned }) });
}

async function readAligned(
  step: Step,
  to: {
    readonly client: ClientBase;
    readonly snapshot: AlignedSnapshot;
    readonly writer: BackupWriter;
  },
): Promise<{ readonly aligned?: Aligned; readonly problems: readonly Problem[] }> {
  const { feed, run, state } = step;
  const tables = await currentTables(to.client, step);
  const catalogStamp = await readCatalogStamp(to.client);
  const wanted = wantedCopies(state.tables, tables);
  run.progress.step(`copy ${wanted.length} tables whole`);
  const { copies, problems } = await copyTables(to.client, to.writer, wanted, run);
  if (failedRequired(wanted, copies)) return { problems };
  if (catalogStamp === state.catalogStamp) {
    return { aligned: { tables, catalogStamp, copies }, problems };
  }
  const dump = feed.dumpSchema(to.snapshot.name, run.signal);
  await to.writer.writeObject(schemaObjectName, dump);
  return { aligned: { tables, catalogStamp, copies, schema: schemaObjectName }, problems };
}

async function currentTables(client: ClientBase, { feed, state }: Step): Promise<TableState[]> {
  return tableStates(await readTables(client, feed.publications, state.server.majorVersion));
}

function prepare(
  { state, since }: Step,
  end: StepEnd,
  written: { readonly writer: BackupWriter; readonly summary: ChangeSummary },
): PreparedBackup {
  const { writer, summary } = written;
  const copies = end.aligned?.copies ?? [];
  const time = end.time?.toISOString() ?? lastCommitTime(summary) ?? since;
  return {
    writer,
    kind: 'incremental',
    point: { time, lsn: formatLsn(end.upTo) },
    problems: end.problems ?? [],
    source: {
      slot: state.slot,
      systemIdentifier: state.server.systemIdentifier,
      timeline: state.server.timeline,
      majorVersion: state.server.majorVersion,
      fromLsn: state.point,
      transactions: summary.transactions,
      changes: summary.changes,
      copies: copies.length,
    },
    items: summary.changes + copies.reduce((sum, copy) => sum + copy.rows, 0),
  };
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
    ...(summary.latestUs !== undefined && { latestUs: String(summary.latestUs) }),
    markers: summary.markers.map((marker) => ({ name: marker.name, ...moment(marker) })),
  };
}

function lastCommitTime(summary: ChangeSummary): string | undefined {
  if (summary.last === undefined) return undefined;
  return new Date(Number(summary.last.commitTimeUs / 1000n)).toISOString();
}
