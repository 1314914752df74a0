import type { Client } from 'pg';

const rowsAtOnce = 1_000;

/**
 * The rows of a query that comes from the configuration, without holding them all: a cursor in a
 * read-only transaction, so that the query cannot change what is being examined.
 */
export async function* readRows(client: Client, query: string): AsyncGenerator<unknown> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`DECLARE holdfast_rows NO SCROLL CURSOR FOR ${query}`);
    for (;;) {
      const { rows } = await client.query(`FETCH ${rowsAtOnce} FROM holdfast_rows`);
      yield* rows;
      if (rows.length < rowsAtOnce) return;
    }
  } finally {
    await client.query('ROLLBACK');
  }
}
