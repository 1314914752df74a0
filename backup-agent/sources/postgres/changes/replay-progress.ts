import type { ClientBase } from 'pg';
import { z } from 'zod';
import { formatLsn, parseLsn, type Lsn } from './lsn.ts';

/** Exists in the restored database from the first change applied until the restore has ended. */
export const progressSchema = 'holdfast_restore';

const table = `${progressSchema}.applied`;
const inexactTable = z.object({ schema: z.string(), name: z.string(), reason: z.string() });
/** A table that is not what it was at the moment reached, and why. */
export type InexactTable = Readonly<z.infer<typeof inexactTable>>;

const row = z.object({
  commitLsn: z.string(),
  endLsn: z.string(),
  commitTimeUs: z.string(),
  inexact: z.array(inexactTable),
});

/** The last transaction that is applied, whole. */
export interface AppliedCommit {
  readonly commitLsn: Lsn;
  /** Just after it; a target LSN of this value leads here again. */
  readonly endLsn: Lsn;
  readonly commitTimeUs: bigint;
}

export interface ReplayProgress extends AppliedCommit {
  /** Tables that were found inexact on the way. */
  readonly inexact: readonly InexactTable[];
}

export async function readApplied(client: ClientBase): Promise<ReplayProgress | undefined> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${progressSchema}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
    commit_lsn pg_lsn NOT NULL, end_lsn pg_lsn NOT NULL, commit_time_us bigint NOT NULL,
    inexact jsonb NOT NULL)`);
  const result = await client.query(`SELECT commit_lsn::text AS "commitLsn",
    end_lsn::text AS "endLsn", commit_time_us::text AS "commitTimeUs", inexact FROM ${table}`);
  if (result.rows.length === 0) return undefined;
  const found = row.parse(result.rows[0]);
  return {
    commitLsn: parseLsn(found.commitLsn),
    endLsn: parseLsn(found.endLsn),
    commitTimeUs: BigInt(found.commitTimeUs),
    inexact: found.inexact,
  };
}

/** Call it in the transaction that applies the changes: they stand or fall together. */
export async function writeApplied(
  client: ClientBase,
  commit: AppliedCommit,
  inexact: readonly InexactTable[],
): Promise<void> {
  await client.query(`DELETE FROM ${table}`);
  await client.query(`INSERT INTO ${table} VALUES ($1, $2, $3, $4)`, [
    formatLsn(commit.commitLsn),
    formatLsn(commit.endLsn),
    String(commit.commitTimeUs),
    JSON.stringify(inexact),
  ]);
}

/** Leaves no trace of the replay. Only when the whole restore is done: it cannot resume afterwards. */
export async function removeReplayProgress(client: ClientBase): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${progressSchema} CASCADE`);
}
