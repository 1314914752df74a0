import type { Client } from 'pg';
import { z } from 'zod';
import type { Probe } from '../../contracts/job.ts';
import { quoteQualified } from '../sources/postgres/changes/quote.ts';
import { connect } from '../sources/postgres/connection.ts';
import type { ConnectionTarget } from '../sources/postgres/connection-target.ts';
import { assertAll, type AssertionReport, type Comparison } from './assertion.ts';
import { checkConstraints } from './assertions/constraints.ts';
import { checkIndexes } from './assertions/indexes.ts';
import { runProbes } from './assertions/probes.ts';
import { checkSequences } from './assertions/sequences.ts';

export interface RunningDatabase {
  readonly target: ConnectionTarget;
  readonly probes: readonly Probe[];
  readonly signal: AbortSignal;
}

/**
 * A drill's assertions on a database that somebody else restored, to a moment of their own: all but the
 * digests and counts of a backup, which belong to another moment. Changes nothing that stays.
 */
export async function assertRunning({
  target,
  probes,
  signal,
}: RunningDatabase): Promise<AssertionReport[]> {
  await using session = await connect(target, { signal });
  const { client } = session;
  const assertions: [string, AsyncIterable<Comparison>][] = [
    ['every table reads to its end', readTables(client)],
    ['constraints hold', checkConstraints(client)],
    ['indexes are sound', checkIndexes(client)],
    ['sequences are ahead of their columns', checkSequences(client)],
  ];
  if (probes.length > 0) assertions.push(['probes answer as expected', runProbes(client, probes)]);
  const reports: AssertionReport[] = [];
  for (const [name, comparisons] of assertions)
    reports.push(await assertAll(name, comparisons, signal));
  return reports;
}

const tableRow = z.object({ schema: z.string(), name: z.string() });

/** Reads each table whole: a page that was not restored shows here. An empty database is a finding. */
async function* readTables(client: Client): AsyncGenerator<Comparison> {
  const { rows } = await client.query(`
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2`);
  const tables = z.array(tableRow).parse(rows);
  if (tables.length === 0)
    yield { subject: 'database', outcome: 'failed', what: 'holds no table at all' };
  // An index alone would answer without the table.
  await client.query('SET enable_indexscan = off; SET enable_indexonlyscan = off');
  for (const { schema, name } of tables)
    yield { subject: `${schema}.${name}`, ...(await readTable(client, schema, name)) };
}

async function readTable(
  client: Client,
  schema: string,
  name: string,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  try {
    const { rows } = await client.query<{ rows: string }>(
      `SELECT count(t.*)::text AS rows FROM ${quoteQualified(schema, name)} t`,
    );
    return { outcome: 'passed', what: `${rows[0]?.rows} rows` };
  } catch (error) {
    return { outcome: 'failed', what: error instanceof Error ? error.message : String(error) };
  }
}
