import type { ClientBase } from 'pg';

/** Whether the database holds large objects, readable or not. */
export async function hasLargeObjects(client: ClientBase): Promise<boolean> {
  const result = await client.query('SELECT FROM pg_catalog.pg_largeobject_metadata LIMIT 1');
  return (result.rowCount ?? 0) > 0;
}
