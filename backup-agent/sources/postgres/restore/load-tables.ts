import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { BackupReader, SourceContext } from '../../source.ts';
import { isDatabaseError } from '../changes/database-error.ts';
import { quoteIdentifier, quoteQualified } from '../changes/quote.ts';
import type { PostgresSession } from '../connection.ts';
import { runLanes } from '../lanes.ts';
import type { RestoreRecord } from './restore-record.ts';
import type { RestoreMask } from './restore-mask.ts';

/** One object of COPY text, and the table it goes into. */
export interface LoadUnit {
  readonly from: BackupReader;
  readonly object: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly bytes: number;
  /** Of the table's rows, in all its objects, as they were backed up. */
  readonly digest?: string | undefined;
  /** For a table of an extension: `WHERE …`, or empty, the rows that these take the place of. */
  readonly extensionRows?: string;
}

/** The step that records one object as loaded. */
export function loadStep({ from, object }: LoadUnit): string {
  return `rows ${from.id} ${object}`;
}

/**
 * Loads objects into their tables on parallel sessions, the largest first; each in a transaction that
 * records it too, and not again when it is recorded.
 */
export async function loadTables(
  lanes: readonly PostgresSession[],
  units: readonly LoadUnit[],
  record: RestoreRecord,
  context: SourceContext,
  mask?: RestoreMask,
): Promise<void> {
  const missing = units.filter((unit) => !record.isDone(loadStep(unit)));
  const ordered = missing.toSorted((a, b) => b.bytes - a.bytes);
  await runLanes(ordered, lanes, context.signal, async ({ client }, unit, signal) => {
    const stored = await unit.from.readObject(unit.object, signal);
    const rows = mask ? mask.rows(unit, stored) : stored;
    const table = quoteQualified(unit.schema, unit.name);
    const list = unit.columns.map(quoteIdentifier).join(', ');
    const columns = unit.columns.length === 0 ? '' : ` (${list})`;
    await client.query('BEGIN');
    const sink = client.query(copyFrom(`COPY ${table}${columns} FROM STDIN`));
    try {
      await pipeline(counting(rows, context), sink, { signal });
    } catch (error) {
      if (signal.aborted || !isDatabaseError(error)) throw error;
      const message = `rows of ${table}: ${error.message} (${error.code})`;
      throw new HoldfastError('restore-failed', message, { cause: error });
    }
    await client.query(`${record.statement(loadStep(unit))}; COMMIT`);
  });
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
