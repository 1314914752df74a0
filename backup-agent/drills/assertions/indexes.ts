import type { Client } from 'pg';
import { z } from 'zod';
import { quoteIdentifier, quoteQualified } from '../../sources/postgres/changes/quote.ts';
import type { Comparison } from '../assertion.ts';

const index = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  method: z.string(),
  valid: z.boolean(),
  /** A partitioned index holds nothing itself. */
  partitioned: z.boolean(),
});
type Index = z.infer<typeof index>;

const statement = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, a.amname AS method,
    i.indisvalid AND i.indisready AND i.indislive AS valid, c.relkind = 'I' AS partitioned
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_am a ON a.oid = c.relam
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relpersistence <> 't'
  ORDER BY 2, 3`;

/** Ours, so that nothing of the user's can be in the way. */
const amcheckSchema = 'holdfast_drill';

/**
 * Every index is valid, and every B-tree agrees with its table in order and content (amcheck,
 * https://www.postgresql.org/docs/current/amcheck.html). Other kinds stay unproven, all of them do
 * where the server has no amcheck or the role may not add it.
 */
export async function* checkIndexes(client: Client): AsyncGenerator<Comparison> {
  const { rows } = await client.query(statement);
  const indexes = z.array(index).parse(rows);
  const amcheck = await installAmcheck(client);
  try {
    for (const entry of indexes)
      yield {
        subject: `${entry.schema}.${entry.name}`,
        ...(await checkIndex(client, entry, amcheck)),
      };
  } finally {
    // Only what was made here: an extension of the user's stays.
    await client.query(`DROP SCHEMA IF EXISTS ${amcheckSchema} CASCADE`).catch(() => undefined);
  }
}

async function checkIndex(
  client: Client,
  { oid, method, valid, partitioned }: Index,
  amcheck: string | undefined,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  if (!valid) return { outcome: 'failed', what: 'is invalid: the server does not use it' };
  if (partitioned) return { outcome: 'passed', what: 'valid; its parts are checked' };
  if (method !== 'btree')
    return { outcome: 'unproven', what: `valid, but amcheck knows no ${method} index` };
  if (amcheck === undefined)
    return { outcome: 'unproven', what: 'valid, but the server has no amcheck to look into it' };
  try {
    await client.query(
      `SELECT ${quoteQualified(amcheck, 'bt_index_check')}($1::oid::regclass, true)`,
      [oid],
    );
    return { outcome: 'passed', what: 'sound, with every row of its table' };
  } catch (error) {
    return { outcome: 'failed', what: error instanceof Error ? error.message : String(error) };
  }
}

const schemaRow = z.object({ schema: z.string() });

/** The schema that holds amcheck's functions; undefined where there is none to be had. */
async function installAmcheck(client: Client): Promise<string | undefined> {
  const { rows } = await client.query(`
    SELECT n.nspname AS schema FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'`);
  if (rows.length > 0) return schemaRow.parse(rows[0]).schema;
  try {
    const schema = quoteIdentifier(amcheckSchema);
    await client.query(`CREATE SCHEMA ${schema}; CREATE EXTENSION amcheck SCHEMA ${schema}`);
    return amcheckSchema;
  } catch {
    // Not on the server, or not for this role: said of each index.
    return undefined;
  }
}
