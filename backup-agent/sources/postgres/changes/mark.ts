import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { readServerFacts } from '../server-facts.ts';
import { markerPrefix } from './change-summary.ts';
import { parseLsn, type Lsn } from './lsn.ts';

const row = z.object({ lsn: z.string() });

/**
 * Writes a named moment into the log, to restore to it later. Any role may. It is in the next
 * incremental, as its own transaction. Returns where it stands. Throws `source-unsuitable` before
 * PostgreSQL 14, which does not hand it out: nobody could ever restore to it.
 */
export async function mark(client: ClientBase, name: string): Promise<Lsn> {
  const { majorVersion } = await readServerFacts(client);
  if (majorVersion < 14)
    throw new HoldfastError(
      'source-unsuitable',
      `nothing was marked: PostgreSQL ${majorVersion} does not hand markers out, and no backup would hold it`,
      { hint: 'note the time, and restore to it with --at; markers work from PostgreSQL 14 on' },
    );
  const result = await client.query(
    'SELECT pg_catalog.pg_logical_emit_message(true, $1::text, $2::text)::text AS lsn',
    [markerPrefix, name],
  );
  return parseLsn(row.parse(result.rows[0]).lsn);
}
