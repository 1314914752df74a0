import type { Client } from 'pg';
import { HoldfastError, type Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, SourceContext } from '../../source.ts';
import { copyOut } from '../copy-out.ts';
import { digesting, RowDigest } from '../row-digest.ts';
import type { TableCopy } from './follow-state.ts';
import { isDatabaseError } from './database-error.ts';
import { quoteQualified } from './quote.ts';
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
  client: Client,
  writer: BackupWriter,
  wanted: readonly WantedCopy[],
  context: SourceContext,
): Promise<CopiedTables> {
  const copies: TableCopy[] = [];
  const problems: Problem[] = [];
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  for (const [index, entry] of wanted.entries()) {
    context.signal.throwIfAborted();
    const object = `copy-${String(index + 1).padStart(5, '0')}.copy`;
    await client.query('SAVEPOINT holdfast_copy');
    try {
      copies.push(await copyTable(client, writer, entry, object));
      // Releases the lock too: it was taken inside the savepoint.
      await client.query('ROLLBACK TO SAVEPOINT holdfast_copy');
    } catch (error) {
      if (!isDatabaseError(error) && !(error instanceof HoldfastError)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT holdfast_copy');
      const where = quoteQualified(entry.table.schema, entry.table.name);
      problems.push({ where, what: `not copied: ${error.message}` });
    }
  }
  return { copies, problems };
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
