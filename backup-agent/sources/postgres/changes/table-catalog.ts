import type { ClientBase } from 'pg';
import { z } from 'zod';
import { tableCoverage } from './coverage.ts';
import type { TableState } from './follow-state.ts';

const row = z.object({
  oid: z.coerce.number(),
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  persistence: z.string(),
  identity: z.string(),
  keyColumns: z.array(z.string()).nullable(),
  extension: z.string().nullable(),
  insertsPublished: z.boolean(),
  updatesPublished: z.boolean(),
  columns: z.array(z.object({ number: z.number(), name: z.string() })),
  fingerprint: z.string(),
});

/** One table as the catalog describes it, with what decides whether its changes can be followed. */
export type CatalogTable = z.infer<typeof row>;

/**
 * Columns: everything that decides how a row reads. The file node changes when a table is rewritten
 * (ALTER TYPE … USING, TRUNCATE, CLUSTER): rows may differ then without a word in the log. The
 * inheritance row's xmin tells a partition that was detached and attached again, the enrolment's OID
 * a table that left a publication for a while. Row filters and column lists (PostgreSQL 15 and later,
 * hence read by name) publish only a part, which counts as nothing. Plain SQL without the catalog
 * functions, because those answer for now and not for the snapshot.
 */
const query = (schemaEnrolments: string): string => `
WITH RECURSIVE ours AS (
  SELECT oid, puballtables, pubinsert AND pubtruncate AS inserts, pubupdate AND pubdelete AS updates
  FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::text[]) AND NOT pubviaroot
), above(leaf, relation, schema) AS (
  SELECT oid, oid, relnamespace FROM pg_catalog.pg_class WHERE relkind = 'r'
  UNION ALL
  SELECT a.leaf, p.oid, p.relnamespace
  FROM above a JOIN pg_catalog.pg_inherits h ON h.inhrelid = a.relation
  JOIN pg_catalog.pg_class p ON p.oid = h.inhparent AND p.relkind = 'p'
), enrolments AS (
  SELECT r.prpubid AS publication, a.leaf, r.oid,
         to_jsonb(r) ->> 'prqual' IS NULL AND to_jsonb(r) ->> 'prattrs' IS NULL AS whole
  FROM pg_catalog.pg_publication_rel r JOIN above a ON a.relation = r.prrelid
  UNION ALL
  SELECT o.oid, c.oid, NULL, true
  FROM ours o JOIN pg_catalog.pg_class c ON o.puballtables AND c.relkind = 'r'
       AND c.relpersistence = 'p'
  ${schemaEnrolments}
), published AS (
  SELECT e.leaf, coalesce(bool_or(o.inserts) FILTER (WHERE e.whole), false) AS inserts,
         coalesce(bool_or(o.updates) FILTER (WHERE e.whole), false) AS updates,
         string_agg(e.oid::text, ',' ORDER BY e.oid) AS enrolments
  FROM enrolments e JOIN ours o ON o.oid = e.publication GROUP BY e.leaf
)
SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       c.relpersistence AS persistence, c.relreplident AS identity, k.columns AS "keyColumns",
       e.extname AS extension,
       coalesce(p.inserts, false) AS "insertsPublished",
       coalesce(p.updates, false) AS "updatesPublished",
       coalesce(a.plain, '[]') AS columns,
       md5(concat_ws('/', c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
           c.relfilenode, k.columns::text, p.inserts, p.updates,
           p.enrolments, i.parents, a.details)) AS fingerprint
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN published p ON p.leaf = c.oid
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass
      AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
LEFT JOIN LATERAL (
  SELECT string_agg(concat_ws(':', h.inhparent, h.xmin), ',' ORDER BY h.inhparent) AS parents
  FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid
) i ON true
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('number', attnum, 'name', attname) ORDER BY attnum)
           FILTER (WHERE attgenerated = '') AS plain,
         string_agg(concat_ws(':', attnum, attname, atttypid, atttypmod, attcollation,
           attgenerated, attidentity, attmissingval::text), ',' ORDER BY attnum) AS details
  FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
) a ON true
LEFT JOIN LATERAL (
  SELECT array_agg(t.attname::text ORDER BY t.attnum) AS columns
  FROM pg_catalog.pg_index x
  JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND t.attnum = ANY ((x.indkey::int2[])[0 : x.indnkeyatts - 1])
  WHERE x.indrelid = c.oid AND x.indimmediate AND x.indisvalid AND x.indisunique
    AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END
) k ON true
WHERE c.relkind IN ('r', 'f') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY c.oid`;

/** FOR TABLES IN SCHEMA. */
const schemaEnrolments = `
  UNION ALL
  SELECT s.pnpubid, a.leaf, s.oid, true
  FROM pg_catalog.pg_publication_namespace s JOIN above a ON a.schema = s.pnnspid`;

/** Every table that may hold rows, leaves of partitioned ones included, as this snapshot sees it. */
export async function readTables(
  client: ClientBase,
  publications: readonly string[],
  majorVersion: number,
): Promise<CatalogTable[]> {
  const text = query(majorVersion >= 15 ? schemaEnrolments : '');
  const result = await client.query(text, [publications]);
  return z.array(row).parse(result.rows);
}

export function tableStates(tables: readonly CatalogTable[]): TableState[] {
  return tables.map((table) => ({
    oid: table.oid,
    schema: table.schema,
    name: table.name,
    coverage: tableCoverage(table),
    fingerprint: table.fingerprint,
    columns: table.columns,
  }));
}
