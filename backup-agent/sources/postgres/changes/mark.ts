import type { ClientBase } from 'pg';
import { z } from 'zod';
import { markerPrefix } from './change-summary.ts';
import { parseLsn, type Lsn } from './lsn.ts';

const row = z.object({ lsn: z.string() });

/**
 * Writes a named moment into the log, to restore to it later. Any role may; PostgreSQL 14 and later
 * hand it out. It is in the next incremental, as its own transaction. Returns where it stands.
 */
export async function mark(client: ClientBase, name: string): Promise<Lsn> {
  const result = await client.query(
    'SELECT pg_catalog.pg_logical_emit_message(true, $1::text, $2::text)::text AS lsn',
    [markerPrefix, name],
  );
  return parseLsn(row.parse(result.rows[0]).lsn);
}
