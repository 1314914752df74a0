import { quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import { loadStep, type LoadUnit } from './load-tables.ts';
import type { RestoreRecord } from './restore-record.ts';
import type { SchemaEntry } from './schema-script.ts';

/** Whether an entry makes or describes an extension that is done without. */
export function isSkipped(entry: SchemaEntry, skipped: readonly string[]): boolean {
  if (entry.type === 'EXTENSION') return skipped.includes(entry.name);
  const commented = /^EXTENSION "?(.*?)"?$/.exec(entry.name)?.[1];
  return entry.type === 'COMMENT' && commented !== undefined && skipped.includes(commented);
}

/** Making an extension fills some of its tables; what was backed up takes the place of that. */
export async function emptyExtensionTables(
  { client }: PostgresSession,
  units: readonly LoadUnit[],
  record: RestoreRecord,
): Promise<void> {
  const step = 'empty tables of extensions';
  if (record.isDone(step) || units.some((unit) => record.isDone(loadStep(unit)))) return;
  const statements = units.flatMap(({ schema, name, extensionRows }) =>
    extensionRows === undefined
      ? []
      : [`DELETE FROM ONLY ${quoteQualified(schema, name)} ${extensionRows}`],
  );
  await client.query([...statements, record.statement(step)].join(';\n'));
}
