import type { ClientBase } from 'pg';
import { z } from 'zod';
import { parseLsn, type Lsn } from './lsn.ts';
import { quoteIdentifier, quoteLiteral } from './quote.ts';
import { defaultAlignTimeoutMs, type Session } from './change-feed.ts';

const created = z.object({ consistent_point: z.string(), snapshot_name: z.string() });

export interface AlignedSnapshot {
  /** The snapshot sees exactly the transactions whose commit record starts before this position. */
  readonly point: Lsn;
  /** For `SET TRANSACTION SNAPSHOT`, as long as the session that made it stays idle. */
  readonly name: string;
}

/**
 * A snapshot that ends exactly where a position in the log does, from a temporary slot, which goes
 * with the session. Waits for every transaction that is now writing, each at most `timeoutMs` (SQLSTATE
 * 55P03 then). Takes a replication session; it must stay idle and open while the snapshot is used.
 */
export async function alignSnapshot(
  replication: Session,
  slotName: string,
  timeoutMs: number = defaultAlignTimeoutMs,
): Promise<AlignedSnapshot> {
  // A statement timeout does not end replication commands; the wait is for locks.
  await replication.client.query(`SET lock_timeout = ${timeoutMs}`);
  return createSlot(replication, `${quoteIdentifier(slotName)} TEMPORARY`);
}

/**
 * Makes the slot that a chain hangs on, and the snapshot of its first full, under the same terms. The
 * publications must exist before it: a slot that meets a position without them fails for good.
 */
export async function createChainSlot(
  replication: Session,
  slotName: string,
): Promise<AlignedSnapshot> {
  return createSlot(replication, quoteIdentifier(slotName));
}

/** This older spelling of the command is understood by every version from 13 to 18. */
async function createSlot(replication: Session, what: string): Promise<AlignedSnapshot> {
  const result = await replication.client.query(
    `CREATE_REPLICATION_SLOT ${what} LOGICAL pgoutput EXPORT_SNAPSHOT`,
  );
  const { consistent_point: point, snapshot_name: name } = created.parse(result.rows[0]);
  return { point: parseLsn(point), name };
}

/** Everything read on this client until its transaction ends is what the snapshot saw. */
export async function enterSnapshot(client: ClientBase, snapshot: AlignedSnapshot): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot.name)}`);
}
