import type { ClientBase } from 'pg';
import { z } from 'zod';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';

const lsn = z.string().transform((text) => parseLsn(text));
const bytes = z.string().transform((text) => BigInt(text));

const row = z
  .object({
    plugin: z.string().nullable(),
    slotType: z.string(),
    database: z.string().nullable(),
    activePid: z.number().nullable(),
    walStatus: z.enum(['reserved', 'extended', 'unreserved', 'lost']).nullable(),
    safeWalSize: bytes.nullable(),
    restartLsn: lsn.nullable(),
    confirmedLsn: lsn.nullable(),
    retainedBytes: bytes.nullable(),
    backlogBytes: bytes.nullable(),
    limitMegabytes: z.coerce.number(),
  })
  .readonly();

export interface SlotStatus {
  readonly name: string;
  readonly plugin: string | null;
  readonly slotType: string;
  readonly database: string | null;
  /** The backend that uses the slot right now. */
  readonly activePid: number | null;
  /** `unreserved` is about to be lost, `lost` cannot be read any more. Null: invalidated. */
  readonly walStatus: 'reserved' | 'extended' | 'unreserved' | 'lost' | null;
  /** WAL that may still be written before the slot is in danger; null where nothing limits it. */
  readonly safeWalSize: bigint | null;
  readonly restartLsn: Lsn | null;
  readonly confirmedLsn: Lsn | null;
  /** WAL that the server keeps on its disk for this slot. */
  readonly retainedBytes: bigint | null;
  /** WAL that the next incremental has to read. */
  readonly backlogBytes: bigint | null;
  /** `max_slot_wal_keep_size`; -1: the slot may fill the disk. */
  readonly limitMegabytes: number;
}

const statusQuery = `
SELECT plugin, slot_type AS "slotType", database, active_pid AS "activePid",
       wal_status AS "walStatus", safe_wal_size::text AS "safeWalSize",
       restart_lsn::text AS "restartLsn", confirmed_flush_lsn::text AS "confirmedLsn",
       (pg_catalog.pg_current_wal_lsn() - restart_lsn)::text AS "retainedBytes",
       (pg_catalog.pg_current_wal_lsn() - confirmed_flush_lsn)::text AS "backlogBytes",
       (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size')
         AS "limitMegabytes"
FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`;

/** What the server says of a slot, or undefined when it has none of that name. Changes nothing. */
export async function slotStatus(
  client: ClientBase,
  name: string,
): Promise<SlotStatus | undefined> {
  const result = await client.query(statusQuery, [name]);
  if (result.rows.length === 0) return undefined;
  return { name, ...row.parse(result.rows[0]) };
}

/**
 * Lets the server forget what lies before `lsn`. Only for what is committed. Not crash-durable: after
 * an immediate stop the slot may be back where it was, which `captureChanges` notices and mends.
 */
export async function advanceSlot(client: ClientBase, name: string, lsn: Lsn): Promise<void> {
  await client.query('SELECT pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)', [
    name,
    formatLsn(lsn),
  ]);
}

/** Drops the slot if it is there, ending a backend of this role that still reads it. */
export async function dropSlot(client: ClientBase, name: string): Promise<boolean> {
  const status = await slotStatus(client, name);
  if (status === undefined) return false;
  if (status.activePid !== null) {
    await client.query('SELECT pg_catalog.pg_terminate_backend($1, 5000)', [status.activePid]);
  }
  await client.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [name]);
  return true;
}

export interface SlotLimits {
  /** Warn from this much retained WAL on, in bytes. */
  readonly warnBytes: number;
  /** Drop the slot from this much on, in bytes; undefined: never. */
  readonly dropBytes: number | undefined;
}

export type SlotVerdict =
  | { readonly action: 'none' }
  | { readonly action: 'warn' | 'drop'; readonly why: string };

/**
 * A slot that nobody reads keeps WAL until the server's disk is full: better a new full backup than
 * a database that stops. A pure decision; `dropSlot` acts on it.
 */
export function judgeSlot(status: SlotStatus, limits: SlotLimits): SlotVerdict {
  const retained = status.retainedBytes ?? 0n;
  const text = `slot ${status.name} keeps ${retained} bytes of WAL on the server`;
  if (limits.dropBytes !== undefined && retained >= BigInt(limits.dropBytes)) {
    return { action: 'drop', why: `${text}; the limit is ${limits.dropBytes}` };
  }
  if (status.walStatus === 'lost') {
    return { action: 'warn', why: `slot ${status.name} is lost: the next backup is a full` };
  }
  if (status.walStatus === 'unreserved') {
    return { action: 'warn', why: `${text} and is about to be lost` };
  }
  if (retained >= BigInt(limits.warnBytes)) {
    return { action: 'warn', why: `${text}; the warning starts at ${limits.warnBytes}` };
  }
  return { action: 'none' };
}
