import type { Client } from 'pg';
import { z } from 'zod';
import { quoteQualified } from '../../sources/postgres/changes/quote.ts';
import { digestTable } from '../../sources/postgres/copy-out.ts';
import type { Comparison } from '../assertion.ts';
import type { ExpectedTable } from '../expected-tables.ts';

export interface TableComparison {
  readonly expected: readonly ExpectedTable[];
  /** The source's and the sandbox's version differ, so that some types may read differently. */
  readonly otherVersion: boolean;
  /** Tables that a restore to that moment cannot have as they were, and why. */
  readonly inexact: readonly {
    readonly schema: string;
    readonly name: string;
    readonly reason: string;
  }[];
  /** Extensions that were left out: their tables cannot be there. */
  readonly skippedExtensions: readonly string[];
}

type Verdict = Pick<Comparison, 'outcome' | 'what'>;

/**
 * Every table has the rows that it had at the source: their content where it was digested and has not
 * changed since, their number where changes were replayed.
 */
export async function* compareTables(
  client: Client,
  comparison: TableComparison,
): AsyncGenerator<Comparison> {
  const inexact = new Map(
    comparison.inexact.map(({ schema, name, reason }) => [quoteQualified(schema, name), reason]),
  );
  for (const table of comparison.expected) {
    const name = quoteQualified(table.schema, table.name);
    const reason = inexact.get(name);
    const verdict: Verdict =
      reason === undefined
        ? await compareTable(client, table, comparison)
        : { outcome: 'unproven', what: reason };
    yield { subject: `${table.schema}.${table.name}`, ...verdict };
  }
}

async function compareTable(
  client: Client,
  table: ExpectedTable,
  { otherVersion, skippedExtensions }: TableComparison,
): Promise<Verdict> {
  if (!(await exists(client, table)))
    return skippedExtensions.length > 0
      ? { outcome: 'unproven', what: 'is missing, and so is an extension that may be why' }
      : { outcome: 'failed', what: 'is missing' };
  const found = await digestTable(client, table, table.digest);
  if (found.rows !== table.rows)
    return { outcome: 'failed', what: `has ${found.rows} rows, must have ${table.rows}` };
  if (table.digest === undefined)
    return { outcome: 'passed', what: `rows counted, ${found.rows} rows` };
  if (found.digest === table.digest)
    return { outcome: 'passed', what: `content equal, ${found.rows} rows` };
  const types = otherVersion ? await versionedTypes(client, table) : [];
  return types.length > 0
    ? { outcome: 'unproven', what: `${types.join(', ')} may read differently in this version` }
    : { outcome: 'failed', what: 'has the right number of rows, but other content' };
}

const existence = z.object({ there: z.boolean() });

async function exists(client: Client, { schema, name }: ExpectedTable): Promise<boolean> {
  const { rows } = await client.query('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there', [
    quoteQualified(schema, name),
  ]);
  return existence.parse(rows[0]).there;
}

/**
 * Types whose text has been the same in all supported versions, under the settings of our sessions.
 * Any other may have changed: `jsonpath` did, extensions do.
 */
const steadyTypes =
  `bool int2 int4 int8 numeric float4 float8 money text varchar bpchar char name bytea
  date time timetz timestamp timestamptz interval uuid json jsonb inet cidr macaddr macaddr8 bit
  varbit oid point line lseg box path polygon circle xml`.split(/\s+/);

const typeRow = z.object({ type: z.string() });

/** Follows arrays, domains, ranges and composites to what they consist of; enums are text. */
async function versionedTypes(client: Client, table: ExpectedTable): Promise<string[]> {
  const { rows } = await client.query(
    `WITH RECURSIVE parts AS (
       SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attname = ANY ($2) AND a.attnum > 0
       UNION
       SELECT part.oid FROM parts p JOIN pg_catalog.pg_type t ON t.oid = p.oid
       CROSS JOIN LATERAL (
         SELECT t.typelem AS oid WHERE t.typcategory = 'A'
         UNION SELECT t.typbasetype WHERE t.typtype = 'd'
         UNION SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.oid = r.rngtypid
         UNION SELECT a.atttypid FROM pg_catalog.pg_attribute a
           WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0
             AND NOT a.attisdropped
       ) part WHERE part.oid <> 0
     )
     SELECT DISTINCT pg_catalog.format_type(t.oid, NULL) AS type
     FROM parts p JOIN pg_catalog.pg_type t ON t.oid = p.oid
     WHERE t.typtype = 'b' AND t.typcategory <> 'A' AND NOT (t.typname = ANY ($3)
       AND t.typnamespace = 'pg_catalog'::regnamespace) ORDER BY 1`,
    [quoteQualified(table.schema, table.name), table.columns, steadyTypes],
  );
  return z
    .array(typeRow)
    .parse(rows)
    .map(({ type }) => type);
}
