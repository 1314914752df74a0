import { quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import type { RestoreContent } from './restore-content.ts';
import type { SchemaEntry } from './schema-script.ts';

const perQuery = 1_000;

/** Sets every sequence that exists to where it stood; with `--table` only those that were made. */
export async function restoreSequences(
  { client }: PostgresSession,
  { sequences: all, selection, entries }: RestoreContent,
  kept: readonly SchemaEntry[],
): Promise<void> {
  const made = new Set(
    entries
      .filter((entry) => entry.type === 'SEQUENCE' && !kept.includes(entry))
      .map(({ schema, name }) => quoteQualified(schema, name)),
  );
  const sequences = all.filter(
    ({ schema, name }) => !selection || made.has(quoteQualified(schema, name)),
  );
  for (let start = 0; start < sequences.length; start += perQuery) {
    const some = sequences.slice(start, start + perQuery);
    await client.query(
      `SELECT pg_catalog.setval(pg_catalog.to_regclass(name), value, called)
       FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS s (name, value, called)
       WHERE pg_catalog.to_regclass(name) IS NOT NULL`,
      [
        some.map(({ schema, name }) => quoteQualified(schema, name)),
        some.map(({ lastValue }) => lastValue),
        some.map(({ isCalled }) => isCalled),
      ],
    );
  }
}
