import type { ClientBase } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, SourceContext } from '../../source.ts';
import type { TableCopy, TableState } from './follow-state.ts';
import { isDatabaseError } from './database-error.ts';
import { quoteIdentifier, quoteQualified } from './quote.ts';
import type { WantedCopy } from './table-differences.ts';

/** DDL that waits behind us makes the application's queries wait behind it: never for long. */
const lockTimeoutMs = 1_000;

export interface CopiedTables {
  readonly copies: TableCopy[];
  readonly problems: readonly Problem[];
}

/**
 * Stores tables whole as COPY text, one object each, as the client's snapshot sees them. A table
 * that cannot be read, is locked, or was rewritten since the snapshot (its rows would silently be
 * missing) becomes a problem; the others are copied all the same.
 */
export async function copyTables(
  client: ClientBase,
  writer: BackupWriter,
  wanted: readonly WantedCopy[],
  context: SourceContext,
): Promise<CopiedTables> {
  const copies: TableCopy[] = [];
  const problems: Problem[] = [];
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  for (const [index, { table, reason }] of wanted.entries()) {
    context.signal.throwIfAborted();
    const object = `copy-${String(index + 1).padStart(5, '0')}.copy`;
    await client.query('SAVEPOINT holdfast_copy');
    try {
      const rows = await copyTable(client, writer, table, object);
      const columns = table.columns.map((column) => column.name);
      const { oid, schema, name } = table;
      copies.push({ oid, schema, name, object, columns, rows, reason });
      // Releases the lock too: it was taken inside the savepoint.
      await client.query('ROLLBACK TO SAVEPOINT holdfast_copy');
    } catch (error) {
      if (!isDatabaseError(error) && !(error instanceof HoldfastError)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT holdfast_copy');
      const where = quoteQualified(table.schema, table.name);
      problems.push({ where, what: `not copied: ${error.message}` });
    }
  }
  return { copies, problems };
}

async function copyTable(
  client: ClientBase,
  writer: BackupWriter,
  table: TableState,
  object: string,
): Promise<number> {
  const name = quoteQualified(table.schema, table.name);
  await client.query(`LOCK TABLE ONLY ${name} IN ACCESS SHARE MODE`);
  const same = await client.query(
    `SELECT relfilenode = pg_catalog.pg_relation_filenode(oid) AS same
     FROM pg_catalog.pg_class WHERE oid = $1::oid`,
    [table.oid],
  );
  if (same.rows[0]?.same !== true) {
    throw new HoldfastError('source-changed', `${name} was rewritten while its copy was taken`);
  }
  const columns = table.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  const stream = client.query(copyTo(`COPY ${name} (${columns}) TO STDOUT`));
  await writer.writeObject(object, stream);
  return stream.rowCount;
}
