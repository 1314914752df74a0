import type { Client } from 'pg';
import { HoldfastError, isHoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, SourceContext } from '../../source.ts';
import { copyOut } from '../copy-out.ts';
import { digesting, RowDigest } from '../row-digest.ts';
import type { YieldWatch } from '../yielding.ts';
import type { TableCopy } from './follow-state.ts';
import { isDatabaseError } from './database-error.ts';
import { quoteQualified } from './quote.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import type { WantedCopy } from './table-differences.ts';

/** DDL that waits behind us makes the application's queries wait behind it: never for long. */
const lockTimeoutMs = 1_000;
/** How often a table is begun again after giving way, before it is left to the next run. */
const attempts = 3;

export interface CopiedTables {
  readonly copies: TableCopy[];
  readonly problems: readonly Problem[];
}

/**
 * Stores tables whole as COPY text, one object each, as the reader's snapshot sees them. A table is
 * begun again when somebody waits for its lock. One that cannot be read, is locked, or was rewritten
 * since the snapshot (its rows would silently be missing) becomes a problem; the others are copied all
 * the same.
 */
export async function copyTables(
  reader: SnapshotReader,
  watch: Pick<YieldWatch, 'hasYielded'>,
  writer: BackupWriter,
  wanted: readonly WantedCopy[],
  context: Pick<SourceContext, 'signal'>,
): Promise<CopiedTables> {
  const copies: TableCopy[] = [];
  const problems: Problem[] = [];
  for (const [index, entry] of wanted.entries()) {
    const copying = new WholeCopy(reader, watch, writer, context.signal);
    const result = await copying.take(entry, `copy-${String(index + 1).padStart(5, '0')}`);
    if ('what' in result) problems.push(result);
    else copies.push(result);
  }
  return { copies, problems };
}

class WholeCopy {
  readonly #reader: SnapshotReader;
  readonly #watch: Pick<YieldWatch, 'hasYielded'>;
  readonly #writer: BackupWriter;
  readonly #signal: AbortSignal;

  constructor(
    reader: SnapshotReader,
    watch: Pick<YieldWatch, 'hasYielded'>,
    writer: BackupWriter,
    signal: AbortSignal,
  ) {
    this.#reader = reader;
    this.#watch = watch;
    this.#writer = writer;
    this.#signal = signal;
  }

  async take(entry: WantedCopy, name: string): Promise<TableCopy | Problem> {
    const where = quoteQualified(entry.table.schema, entry.table.name);
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      this.#signal.throwIfAborted();
      // What was begun under the first name may be half stored.
      const object = attempt === 1 ? `${name}.copy` : `${name}-again-${attempt}.copy`;
      try {
        return await this.#attempt(entry, object);
      } catch (error) {
        if (this.#signal.aborted) throw error;
        if (this.#watch.hasYielded(this.#reader.pid)) {
          await this.#reader.reopen();
          continue;
        }
        // A storage that fails ends the run: the COPY it interrupts takes the connection with it.
        const changed = isHoldfastError(error) && error.code === 'source-changed';
        if (!changed && !isDatabaseError(error)) throw error;
        return { where, what: `not copied: ${error.message}` };
      }
    }
    return { where, what: `not copied: others waited for its lock ${attempts} times` };
  }

  async #attempt(entry: WantedCopy, object: string): Promise<TableCopy> {
    const { client } = this.#reader;
    await client.query(`SAVEPOINT holdfast_copy; SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    try {
      return await copyTable(client, this.#writer, entry, object);
    } finally {
      // Releases the lock at once: it was taken inside the savepoint. A cancellation that comes late
      // hits this statement; a broken connection fails the next one.
      const release = 'ROLLBACK TO SAVEPOINT holdfast_copy';
      await client.query(release).catch(() => client.query(release).catch(() => undefined));
    }
  }
}

async function copyTable(
  client: Client,
  writer: BackupWriter,
  { table, reason, condition }: WantedCopy,
  object: string,
): Promise<TableCopy> {
  const { oid, schema, name } = table;
  const sqlName = quoteQualified(schema, name);
  await client.query(`LOCK TABLE ONLY ${sqlName} IN ACCESS SHARE MODE`);
  const same = await client.query(
    `SELECT relfilenode = pg_catalog.pg_relation_filenode(oid) AS same
     FROM pg_catalog.pg_class WHERE oid = $1::oid`,
    [oid],
  );
  if (same.rows[0]?.same !== true) {
    throw new HoldfastError('source-changed', `${sqlName} was rewritten while its copy was taken`);
  }
  const columns = table.columns.map((column) => column.name);
  const only = condition === undefined ? {} : { condition };
  const digest = new RowDigest();
  const rows = copyOut(client, { schema, name, columns, ...only });
  await writer.writeObject(object, digesting(rows, digest));
  return { oid, schema, name, object, columns, ...digest.result(), ...only, reason };
}
