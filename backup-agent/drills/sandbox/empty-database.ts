import type { ClientBase } from 'pg';
import { z } from 'zod';
import { quoteIdentifier } from '../../sources/postgres/changes/quote.ts';

const nameRow = z.object({ name: z.string() });

const schemas = `
  SELECT nspname AS name FROM pg_catalog.pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`;
const extensions = `SELECT extname AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'`;

/**
 * Empties a database that was empty when a drill began: extensions, schemas with all that is in them
 * (`public` is made again) and large objects.
 */
export async function emptyDatabase(client: ClientBase): Promise<void> {
  const names = async (query: string) =>
    z
      .array(nameRow)
      .parse((await client.query(query)).rows)
      .map(({ name }) => name);
  await client.query('BEGIN');
  for (const name of await names(extensions))
    await client.query(`DROP EXTENSION IF EXISTS ${quoteIdentifier(name)} CASCADE`);
  for (const name of await names(schemas)) {
    await client.query(`DROP SCHEMA ${quoteIdentifier(name)} CASCADE`);
    if (name === 'public') await client.query('CREATE SCHEMA public');
  }
  await client.query('SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata');
  await client.query('COMMIT');
}
