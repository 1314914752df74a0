import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { BackupReader, SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteIdentifier, quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import type { RestoreRecord } from './restore-record.ts';
import type { RestoreMask } from './restore-mask.ts';

/** COPY text, and the table it goes into. */
export interface LoadUnit {
  readonly from: BackupReader;
  /** One after the other. */
  readonly objects: readonly string[];
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly bytes: number;
  /** Of the table's rows, in all its objects, as they were backed up. */
  readonly digest?: string | undefined;
  /** For a table of an extension: `WHERE …`, or empty, the rows that these take the place of. */
  readonly extensionRows?: string;
}

/** The step that records it as loaded. Short, for it is a key. */
export function loadStep({ from, objects }: LoadUnit): string {
  const more = objects.length > 1 ? ` and ${objects.length - 1} more` : '';
  return `rows ${from.id} ${objects[0]}${more}`;
}

export interface LoadRules {
  readonly record: RestoreRecord;
  readonly mask: RestoreMask | undefined;
  /** It is all that its table will hold. */
  readonly whole: boolean;
}

/** For less, making the table's files anew costs more than it saves. */
const worthFreezingBytes = 1024 * 1024;

/**
 * Loads rows into their table, in a transaction that records it too. A table whose rows all come
 * at once is emptied in the same transaction: so the server may write rows that everybody sees
 * (FREEZE), and need not look at each again to find that out, nor log them where it keeps no log for
 * others (`wal_level` minimal).
 */
export async function loadRows(
  { client }: PostgresSession,
  unit: LoadUnit,
  { record, mask, whole }: LoadRules,
  context: SourceContext,
): Promise<void> {
  const { signal } = context;
  const large = unit.bytes >= worthFreezingBytes || unit.objects.length > 1;
  const freezes = whole && unit.extensionRows === undefined && large;
  const stored = storedRows(unit, signal);
  const rows = mask ? mask.rows(unit, stored) : stored;
  const table = quoteQualified(unit.schema, unit.name);
  const list = unit.columns.map(quoteIdentifier).join(', ');
  const columns = unit.columns.length === 0 ? '' : ` (${list})`;
  // In one query, which is one transaction: thousands of small tables are as many round trips.
  const statements = [
    ...(freezes ? [`TRUNCATE TABLE ONLY ${table}`] : []),
    `COPY ${table}${columns} FROM STDIN${freezes ? ' WITH (FREEZE)' : ''}`,
    record.statement(loadStep(unit)),
  ];
  const sink = client.query(copyFrom(statements.join('; ')));
  try {
    await pipeline(counting(rows, context), sink, { signal });
  } catch (error) {
    if (signal.aborted || !isDatabaseError(error)) throw error;
    const message = `rows of ${table}: ${error.message} (${error.code})`;
    throw new HoldfastError('restore-failed', message, { cause: error });
  }
}

/** Each object is COPY text, which is whole lines: so are several. */
async function* storedRows(
  { from, objects }: LoadUnit,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const object of objects) yield* await from.readObject(object, signal);
}

async function* counting(
  source: AsyncIterable<Uint8Array>,
  { progress }: SourceContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    progress.advance(chunk.length);
    yield chunk;
  }
}
