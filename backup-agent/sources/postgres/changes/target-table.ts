import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { RelationMessage } from './pgoutput-message.ts';
import { quoteIdentifier, quoteQualified } from './quote.ts';

const columnRow = z.object({
  name: z.string(),
  typeOid: z.coerce.number(),
  alwaysIdentity: z.boolean(),
  /** The equality operator of the unique index that the column leads to, schema-qualified. */
  equals: z.string().nullable(),
  primary: z.boolean(),
});

/** How the changes of one table, as one Relation message describes them, fit the restored table. */
export interface TargetTable {
  /** Quoted and qualified. */
  readonly sqlName: string;
  readonly columns: readonly TargetColumn[];
  /** Positions in `columns` that identify a row; empty: the whole row does. */
  readonly key: readonly number[];
  /** Columns of the message that the restored table does not have: the schema changed in between. */
  readonly unknownColumns: readonly string[];
  /** Why rows of the message cannot go into the restored table at all. */
  readonly misfit: string | undefined;
}

export interface TargetColumn {
  /** Position in the message's rows. */
  readonly source: number;
  readonly name: string;
  /** Quoted. */
  readonly sqlName: string;
  readonly alwaysIdentity: boolean;
  /** Quoted operator for key columns: the type's own, wherever its extension put it. */
  readonly equals: string;
}

const columnsQuery = `
SELECT a.attname AS name, a.atttypid::text AS "typeOid", a.attidentity = 'a' AS "alwaysIdentity",
       k.operator AS equals, coalesce(k.primary, false) AS primary
FROM pg_catalog.pg_attribute a
LEFT JOIN LATERAL (
  SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator, x.indisprimary AS primary
  FROM pg_catalog.pg_index x
  JOIN LATERAL unnest(x.indkey::int2[], x.indclass::oid[]) WITH ORDINALITY u(attnum, opclass, at)
    ON u.attnum = a.attnum AND u.at <= x.indnkeyatts
  JOIN pg_catalog.pg_opclass c ON c.oid = u.opclass
  JOIN pg_catalog.pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3
    AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
  JOIN pg_catalog.pg_operator o ON o.oid = m.amopopr
  JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
  WHERE x.indrelid = a.attrelid AND x.indisunique
  ORDER BY x.indisprimary DESC, x.indisreplident DESC LIMIT 1
) k ON true
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum`;

/** Throws `replay-mismatch` when the restored database lacks the table. */
export async function readTargetTable(
  client: ClientBase,
  place: { readonly schema: string; readonly name: string },
  relation: RelationMessage,
): Promise<TargetTable> {
  const sqlName = quoteQualified(place.schema, place.name);
  const found = await client.query('SELECT to_regclass($1)::text AS name', [sqlName]);
  if (found.rows[0]?.name === null) {
    throw new HoldfastError('replay-mismatch', `the restored database has no table ${sqlName}`);
  }
  const result = await client.query(columnsQuery, [sqlName]);
  const known = new Map(
    z
      .array(columnRow)
      .parse(result.rows)
      .map((row) => [row.name, row]),
  );
  const columns = relation.columns.flatMap(({ name }, source) => {
    const column = known.get(name);
    if (column === undefined) return [];
    const { alwaysIdentity } = column;
    const equals = column.equals ?? 'OPERATOR(pg_catalog.=)';
    return [{ source, name, sqlName: quoteIdentifier(name), alwaysIdentity, equals }];
  });
  const isKey = keyTest(relation, [...known.values()]);
  const keyNames = relation.columns.filter(isKey).map(({ name }) => name);
  const position = (name: string) =>
    columns.findIndex((column) => column.sqlName === quoteIdentifier(name));
  const key = keyNames.map(position).filter((at) => at >= 0);
  const unknownColumns = relation.columns
    .map(({ name }) => name)
    .filter((name) => !known.has(name));
  const retyped = relation.columns.find(({ name, typeOid }) => isRetyped(known.get(name), typeOid));
  const lost = keyNames.find((name) => !known.has(name));
  const misfit =
    lost === undefined
      ? retyped && `its column ${retyped.name} had another type`
      : `its rows were told apart by ${lost}`;
  return { sqlName, columns, key, unknownColumns, misfit };
}

/** Types that come with the server have the same number everywhere; those of users do not. */
const firstUserOid = 16_384;

function isRetyped(column: z.infer<typeof columnRow> | undefined, typeOid: number): boolean {
  if (column === undefined || column.typeOid === typeOid) return false;
  return column.typeOid < firstUserOid || typeOid < firstUserOid;
}

/** Under REPLICA IDENTITY FULL every column is flagged; a primary key, where there is one, is enough. */
function keyTest(
  relation: RelationMessage,
  known: readonly z.infer<typeof columnRow>[],
): (column: { readonly name: string; readonly key: boolean }) => boolean {
  if (relation.replicaIdentity !== 'full') return (column) => column.key;
  const primary = new Set(known.filter((column) => column.primary).map((column) => column.name));
  return (column) => primary.has(column.name);
}
