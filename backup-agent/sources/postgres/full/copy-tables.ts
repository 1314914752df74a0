import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteLiteral, quoteQualified } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import { copyOut } from '../copy-out.ts';
import { runLanes } from '../lanes.ts';
import { digesting, RowDigest, type RowSet } from '../row-digest.ts';
import type { SourceSetup } from '../source-setup.ts';
import type { CopyUnit } from './plan-copies.ts';

export interface CopiedUnit extends RowSet {
  readonly unit: CopyUnit;
  readonly bytes: number;
}

export interface CopyResult {
  readonly copied: readonly CopiedUnit[];
  /** Tables that are missing, because DDL came in between; by OID. */
  readonly missing: ReadonlyMap<number, Problem>;
}

/** Nobody's query may queue behind ours for longer. */
const lockTimeoutMs = 1_000;

/**
 * Copies units on parallel sessions, all in one snapshot. A table that cannot be locked at once, was
 * rewritten after the snapshot (its rows would silently be missing) or may not be read becomes a
 * problem; the others are copied all the same.
 */
export async function copyTables(
  setup: SourceSetup,
  snapshot: string,
  units: readonly CopyUnit[],
  writer: BackupWriter,
  context: SourceContext,
): Promise<CopyResult> {
  const copied: CopiedUnit[] = [];
  const missing = new Map<number, Problem>();
  await using stack = new AsyncDisposableStack();
  const lanes: PostgresSession[] = [];
  for (let lane = 0; lane < Math.min(setup.lanes, units.length); lane += 1) {
    const options = { signal: context.signal, lockTimeoutMs };
    lanes.push(stack.use(await connect(setup.target, options)));
  }
  await Promise.all(lanes.map((lane) => enterLane(lane, snapshot)));
  await runLanes(units, lanes, context.signal, async (lane, unit) => {
    if (missing.has(unit.table.oid)) return;
    const result = await copyUnit(lane, unit, writer, context);
    if ('what' in result) missing.set(unit.table.oid, result);
    else copied.push(result);
  });
  return { copied, missing };
}

async function enterLane(lane: PostgresSession, snapshot: string): Promise<void> {
  await lane.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await lane.client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
}

async function copyUnit(
  { client }: PostgresSession,
  unit: CopyUnit,
  writer: BackupWriter,
  context: SourceContext,
): Promise<CopiedUnit | Problem> {
  const { table } = unit;
  const where = quoteQualified(table.schema, table.name);
  await client.query('SAVEPOINT holdfast_copy');
  try {
    await client.query(`LOCK TABLE ONLY ${where} IN ACCESS SHARE MODE`);
    if (await wasRewritten({ client }, table.oid)) {
      return { where, what: 'not copied: it was rewritten or truncated after the snapshot' };
    }
    const digest = new RowDigest();
    const columns = table.columns.map((column) => column.name);
    const { condition } = unit;
    const rows = copyOut(client, { ...table, columns, ...(condition && { condition }) });
    const counted = counting(digesting(rows, digest), context);
    const { plaintextBytes: bytes } = await writer.writeObject(unit.object, counted);
    return { unit, bytes, ...digest.result() };
  } catch (error) {
    if (context.signal.aborted || !isDatabaseError(error)) throw error;
    return { where, what: `not copied: ${error.message}` };
  } finally {
    // Gives the lock back at once: it was taken inside the savepoint.
    await client.query('ROLLBACK TO SAVEPOINT holdfast_copy').catch(() => undefined);
  }
}

/** The snapshot's file node against today's: a rewritten table shows no rows to older snapshots. */
async function wasRewritten(
  { client }: Pick<PostgresSession, 'client'>,
  oid: number,
): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT c.relfilenode = pg_catalog.pg_relation_filenode(c.oid) AS same
     FROM pg_catalog.pg_class c WHERE c.oid = $1::oid`,
    [oid],
  );
  return rows[0]?.same !== true;
}

async function* counting(
  source: AsyncIterable<Uint8Array>,
  { progress }: SourceContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    progress.advance(chunk.length);
    yield chunk;
  }
}
