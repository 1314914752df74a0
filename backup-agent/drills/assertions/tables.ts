import type { Client } from 'pg';
import { digestTable } from '../../sources/postgres/copy-out.ts';
import type { Comparison } from '../assertion.ts';
import type { ExpectedTable } from '../expected-tables.ts';

/**
 * Every table has the rows that it had at the source: their content where it was digested and has not
 * changed since, their number where changes were replayed.
 */
export async function* compareTables(
  client: Client,
  expected: readonly ExpectedTable[],
): AsyncGenerator<Comparison> {
  for (const table of expected)
    yield { subject: `${table.schema}.${table.name}`, ...(await compareTable(client, table)) };
}

async function compareTable(
  client: Client,
  table: ExpectedTable,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  const found = await digestTable(client, table);
  if (found.rows !== table.rows)
    return { outcome: 'failed', what: `has ${found.rows} rows, must have ${table.rows}` };
  if (table.digest !== undefined && found.digest !== table.digest)
    return { outcome: 'failed', what: 'has the right number of rows, but other content' };
  const proof = table.digest === undefined ? 'rows counted' : 'content equal';
  return { outcome: 'passed', what: `${proof}, ${found.rows} rows` };
}
