import type { Problem } from '../../../errors/holdfast-error.ts';
import { quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import type { LoadUnit } from './load-tables.ts';

/** Tables that the schema did not make, for want of an extension, are not loaded but told. */
export async function existingUnits(
  { client }: PostgresSession,
  units: readonly LoadUnit[],
): Promise<{ readonly units: LoadUnit[]; readonly problems: Problem[] }> {
  const names = [...new Set(units.map(({ schema, name }) => quoteQualified(schema, name)))];
  const { rows } = await client.query(
    'SELECT name FROM unnest($1::text[]) AS name WHERE pg_catalog.to_regclass(name) IS NULL',
    [names],
  );
  const absent = new Set(rows.map((row: { name: string }) => row.name));
  return {
    units: units.filter(({ schema, name }) => !absent.has(quoteQualified(schema, name))),
    problems: [...absent].map((where) => ({
      where,
      what: 'not loaded: the target has no such table',
    })),
  };
}
