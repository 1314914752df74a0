import type { Client } from 'pg';
import { z } from 'zod';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupRun, BackupWriter, PreparedBackup } from '../../source.ts';
import { readConfigurationTables, readSchemaNeeds } from '../catalog.ts';
import type { SchemaNeeds } from '../schema-needs.ts';
import { readDatabaseProperties, type DatabaseProperties } from '../database-properties.ts';
import { YieldWatch } from '../yielding.ts';
import { alignSnapshot, type AlignedSnapshot } from './aligned-snapshot.ts';
import { readCatalogStamp } from './catalog-stamp.ts';
import type { ChangeFeed } from './change-feed.ts';
import { ChangeWatcher, type ChangeSummary } from './change-summary.ts';
import { isDatabaseError } from './database-error.ts';
import {
  followStateName,
  type FollowState,
  type LargeObjectsState,
  type StoredChangesEntry,
  type TableCopy,
  type TableState,
} from './follow-state.ts';
import { hasLargeObjects } from './large-objects.ts';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';
import { peekChanges } from './peek.ts';
import { readSequences } from './sequences.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { readTables, tableStates } from './table-catalog.ts';
import { copyTables, type CopiedTables } from './table-copy.ts';
import { failedRequired, wantedCopies, type WantedCopy } from './table-differences.ts';

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
  readonly client: Client;
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
  const { feed, state, log } = step;
  const limit = parseLsn(state.point) + BigInt(feed.maxWalBytes);
  if (log.end > limit) return takeChanges(step, { upTo: limit });
  if (await saysEverything(step)) return takeChanges(step, { upTo: log.end, time: log.time });
  return takeAligned(step);
}

/** Whether the changes alone bring everything up to date. */
async function saysEverything(step: Step): Promise<boolean> {
  const { client, state } = step;
  const { wanted } = await compareTables(client, step);
  if (wanted.length > 0 || (await readCatalogStamp(client)) !== state.catalogStamp) return false;
  return !state.hasLargeObjects && !(await hasLargeObjects(client));
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
  readonly database?: DatabaseProperties;
  readonly needs?: SchemaNeeds;
  readonly copies: TableCopy[];
  readonly hasLargeObjects: boolean;
  readonly largeObjects?: LargeObjectsState;
}

/** Reads the changes up to a position, stores them, and describes the result. */
async function takeChanges(step: Step, end: StepEnd): Promise<StepResult> {
  const { feed, run, client, state } = step;
  const watcher = new ChangeWatcher();
  const { majorVersion } = state.server;
  const { slot, publications } = feed;
  run.progress.step('read changes');
  const stream = peekChanges(client, { slot, publications, majorVersion, upTo: end.upTo });
  const writer = end.writer ?? (await run.begin('incremental'));
  await writer.writeObject(changesObjectName, watcher.watch(stream));
  const summary = watcher.summary();
  // A backup names what it holds itself, and tells what it knows.
  const { schema: _s, database: _d, needs: _n, largeObjects: _l, ...former } = state;
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
    snapshot = await alignSnapshot(
      replication,
      await alignSlotName(replication.client),
      feed.alignTimeoutMs,
    );
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    const what = `tables and schema could not be copied in step with the changes: ${error.message}`;
    const problems = [{ where: 'schema and tables that cannot be followed', what }];
    return takeChanges(step, { upTo: log.end, time: log.time, problems });
  }
  await using reader = await SnapshotReader.open(feed, snapshot);
  const writer = await run.begin('incremental');
  const end = { upTo: snapshot.point, time: log.time, writer };
  const { aligned, problems } = await readAligned(step, { reader, snapshot, writer });
  await reader.client.query('ROLLBACK');
  return takeChanges(step, { ...end, problems, ...(aligned && { aligned }) });
}

/** No two sessions share it: the slot of a run that was killed may still be there for a moment. */
async function alignSlotName(client: Client): Promise<string> {
  const result = await client.query('SELECT pg_catalog.pg_backend_pid()::text AS pid');
  return `holdfast_align_${z.object({ pid: z.string() }).parse(result.rows[0]).pid}`;
}

async function readAligned(
  step: Step,
  to: {
    readonly reader: SnapshotReader;
    readonly snapshot: AlignedSnapshot;
    readonly writer: BackupWriter;
  },
): Promise<{ readonly aligned?: Aligned; readonly problems: readonly Problem[] }> {
  const { feed, run, state } = step;
  const { reader, writer } = to;
  const { tables, wanted } = await compareTables(reader.client, step);
  const catalogStamp = await readCatalogStamp(reader.client);
  run.progress.step(`copy ${wanted.length} tables whole`);
  const { copies, problems } = await copyWhole(feed, reader, writer, wanted, run);
  if (failedRequired(wanted, copies)) return { problems };
  const hasLarge = await hasLargeObjects(reader.client);
  const large =
    hasLarge || state.hasLargeObjects
      ? await feed.backUpLargeObjects?.(reader.client, writer)
      : undefined;
  const aligned: Aligned = {
    tables,
    catalogStamp,
    copies,
    hasLargeObjects: hasLarge,
    ...(large && { largeObjects: large.entry }),
  };
  const all = [...problems, ...(large?.problems ?? [])];
  if (catalogStamp === state.catalogStamp) return { aligned, problems: all };
  const dump = feed.dumpSchema(to.snapshot.name, run.signal);
  await writer.writeObject(schemaObjectName, dump);
  const database = await readDatabaseProperties(reader.client);
  const needs = await readSchemaNeeds(reader.client);
  return { aligned: { ...aligned, schema: schemaObjectName, database, needs }, problems: all };
}

/** Copies tables while watching that nobody waits for them. */
async function copyWhole(
  feed: ChangeFeed,
  reader: SnapshotReader,
  writer: BackupWriter,
  wanted: readonly WantedCopy[],
  run: BackupRun,
): Promise<CopiedTables> {
  if (wanted.length === 0) return { copies: [], problems: [] };
  await using watcher = await feed.connect();
  await using watch = new YieldWatch(watcher.client, [reader]);
  return await copyTables(reader, watch, writer, wanted, run);
}

interface Compared {
  readonly feed: Pick<ChangeFeed, 'publications' | 'leavesOut'>;
  readonly state: FollowState;
}

/** The tables as the client sees them now, and which of them the changes do not bring up to date. */
export async function compareTables(
  client: Client,
  { feed, state }: Compared,
): Promise<{ readonly tables: TableState[]; readonly wanted: WantedCopy[] }> {
  const found = await readTables(client, feed.publications, state.server.majorVersion);
  const configuration = await readConfigurationTables(client);
  const tables = tableStates(
    found.filter(
      (table) =>
        feed.leavesOut?.(table) !== true &&
        // The extension makes the rows of its other tables itself.
        (table.extension === null || configuration.has(table.oid)),
    ),
  );
  const wanted = wantedCopies(state.tables, tables).map((copy) => {
    const condition = configuration.get(copy.table.oid);
    return condition === undefined ? copy : { ...copy, condition };
  });
  return { tables, wanted };
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
      mostDeleted: summary.mostDeleted,
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
