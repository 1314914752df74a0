import type { ClientBase } from 'pg';
import { z } from 'zod';
import { readTables } from '../changes/table-catalog.ts';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface Enrolment {
  /** Tables whose updates and deletes can be published: they have a usable identity. */
  readonly keyed: readonly TableName[];
  /** What the publication of updates and deletes holds today. */
  readonly enrolled: readonly TableName[];
  /** Of those, the ones without a usable identity: the application's updates of them fail. */
  readonly harmful: readonly TableName[];
}

const name = z.object({ schema: z.string(), name: z.string() });
const root = name.extend({ leaf: z.coerce.number() });

/** Partitions of a partitioned table whose own primary key gives every present and future one an identity. */
const rootsQuery = `
SELECT l.oid::text AS leaf, n.nspname AS schema, r.relname AS name
FROM pg_catalog.pg_class l
JOIN pg_catalog.pg_class r ON r.oid = pg_catalog.pg_partition_root(l.oid)
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE l.relispartition AND l.relkind = 'r' AND EXISTS (
  SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = r.oid AND x.indisprimary AND x.indimmediate)
AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_partition_tree(r.oid) t JOIN pg_catalog.pg_class c ON c.oid = t.relid
  WHERE t.isleaf AND (c.relreplident <> 'd' OR c.relkind <> 'r' OR c.relpersistence <> 'p'))`;

const enrolledQuery = `
SELECT n.nspname AS schema, c.relname AS name
FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.pubname = $1 ORDER BY 1, 2`;

/** Which tables the publication of updates and deletes should hold, and which it does. */
export async function readEnrolment(
  client: ClientBase,
  publication: string,
  majorVersion: number,
): Promise<Enrolment> {
  const roots = z.array(root).parse((await client.query(rootsQuery)).rows);
  const rootOf = new Map(roots.map(({ leaf, ...table }) => [leaf, table]));
  const keyed = new Map<string, TableName>();
  for (const table of await readTables(client, [], majorVersion)) {
    const usable = table.identity === 'f' || table.keyColumns !== null;
    if (table.kind !== 'r' || table.persistence !== 'p' || table.extension !== null || !usable)
      continue;
    const { schema, name } = rootOf.get(table.oid) ?? table;
    keyed.set(JSON.stringify([schema, name]), { schema, name });
  }
  const { rows } = await client.query(enrolledQuery, [publication]);
  const enrolled = z.array(name).parse(rows);
  const harmful = enrolled.filter(({ schema, name }) => !keyed.has(JSON.stringify([schema, name])));
  return { keyed: [...keyed.values()], enrolled, harmful };
}
