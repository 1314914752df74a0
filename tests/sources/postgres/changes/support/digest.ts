import type { ClientBase } from 'pg';
import { quoteQualified } from '../../../../../backup-agent/sources/postgres/changes/quote.ts';

/** What every table holds, whatever the order of its rows and columns. */
export async function digestTables(client: ClientBase): Promise<Record<string, string>> {
  const tables = await client.query(`
    SELECT n.nspname AS schema, c.relname AS name, (
      SELECT coalesce(string_agg(format('t.%I', attname), ', ' ORDER BY attname), '')
      FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    ) AS columns FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND n.nspname <> 'holdfast_restore' ORDER BY 1, 2`);
  const digests: Record<string, string> = {};
  for (const { schema, name, columns } of tables.rows) {
    const table = quoteQualified(schema, name);
    const result = await client.query(
      `SELECT count(*) || ' rows ' || coalesce(md5(string_agg(r, E'\\n' ORDER BY r)), '') AS digest
       FROM (SELECT ROW(${columns})::text AS r FROM ONLY ${table} t) rows`,
    );
    digests[table] = result.rows[0].digest;
  }
  return digests;
}
