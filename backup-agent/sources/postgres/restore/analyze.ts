import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { PostgresSession } from '../connection.ts';
import { runTasks } from '../task-graph.ts';
import type { BuildTasks, RestoreTask } from './build-tasks.ts';
import type { SchemaEntry } from './schema-script.ts';
import { subjectTable } from './subject-table.ts';
import { quoteQualified } from '../changes/quote.ts';

const relation = z.object({
  schema: z.string(),
  name: z.string(),
  bytes: z.coerce.number(),
  /** A table without partitions or children, whose statistics are its own. */
  simple: z.boolean(),
});

/**
 * What a bare ANALYZE would go through. A partition comes with its root: ANALYZE takes all of them when
 * it is given that.
 */
const statement = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_size(c.oid)::text AS bytes,
    c.relkind = 'r' AND NOT c.relhassubclass AS simple
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname <> 'pg_toast'
  ORDER BY pg_catalog.pg_table_size(c.oid) DESC`;

async function analyzable(client: ClientBase) {
  const { rows } = await client.query(statement);
  return z
    .array(relation)
    .parse(rows)
    .map(({ schema, name, ...rest }) => ({ ...rest, table: quoteQualified(schema, name) }));
}

/** Smaller ones cost more for each statement than they gain. */
const worthATaskBytes = 1024 * 1024;
const perStatement = 100;

/**
 * Tasks that analyze tables as soon as they stand, while others are still being loaded. Not for tables
 * that have statistics objects, which come later, nor for those with children.
 */
export async function planAnalyzing(
  { client }: PostgresSession,
  { perTable }: BuildTasks,
  entries: readonly SchemaEntry[],
  analyzed: Set<string>,
): Promise<RestoreTask[]> {
  const later = new Set(
    entries.filter(({ type }) => type === 'STATISTICS').map((entry) => subjectTable(entry)),
  );
  if (later.has(undefined)) return [];
  const simple = (await analyzable(client)).filter((found) => found.simple);
  return simple.flatMap(({ table }) => {
    const after = perTable.get(table) ?? [];
    const weight = Math.max(0, ...after.map((task) => task.weight));
    if (weight < worthATaskBytes || later.has(table)) return [];
    const run = async ({ client: lane }: PostgresSession) => {
      await lane.query(`ANALYZE ${table}`);
      analyzed.add(table);
    };
    return [{ after, weight, run }];
  });
}

/** Analyzes what has not been yet, the largest first: everything, or only the tables that are chosen. */
export async function analyzeRest(
  lanes: readonly PostgresSession[],
  chosen: ReadonlySet<string> | undefined,
  analyzed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const [session] = lanes;
  if (!session) return;
  const left = (await analyzable(session.client)).filter(
    ({ table }) => !analyzed.has(table) && (!chosen || chosen.has(table)),
  );
  const large = left.filter(({ bytes }) => bytes >= worthATaskBytes).map(({ table }) => [table]);
  const small = left.filter(({ bytes }) => bytes < worthATaskBytes).map(({ table }) => table);
  for (let at = 0; at < small.length; at += perStatement)
    large.push(small.slice(at, at + perStatement));
  const tasks = large.map((tables): RestoreTask => ({
    after: [],
    weight: 0,
    run: async ({ client }) => {
      await client.query(`ANALYZE ${tables.join(', ')}`);
    },
  }));
  await runTasks(tasks, lanes, signal);
}
