import { z } from 'zod';
import type { BackupReader, SourceContext } from '../../source.ts';
import type { PostgresSession } from '../connection.ts';
import { quoteIdentifier } from '../changes/quote.ts';
import type { RestoreRecord } from './restore-record.ts';
import type { RoleMapping } from './role-names.ts';
import { readRows } from './read-rows.ts';

const row = z.tuple([
  z.string().regex(/^\d{1,10}$/),
  z.string(),
  z.string().regex(/^\d{1,10}$/),
  z.string().regex(/^\\x([0-9a-f]{2})*$/),
]);

const step = 'large objects';
const partBytes = 1024 * 1024;

export interface LargeObjectChoice {
  /** Absent: they belong to the restoring role. */
  readonly owners: RoleMapping | undefined;
  /** The objects alone, without what is in them. */
  readonly empty: boolean;
}

/** Makes the large objects again, under their own numbers. */
export async function restoreLargeObjects(
  { client }: PostgresSession,
  from: BackupReader,
  object: string | undefined,
  { owners, empty }: LargeObjectChoice,
  record: RestoreRecord,
  context: SourceContext,
): Promise<void> {
  if (object === undefined || record.isDone(step)) return;
  await client.query('BEGIN');
  for await (const fields of readRows(await from.readObject(object, context.signal))) {
    const [oid, owner, part, data] = row.parse(fields);
    if (part === '0') {
      await client.query('SELECT pg_catalog.lo_create($1::oid)', [oid]);
      if (owners)
        await client.query(
          `ALTER LARGE OBJECT ${oid} OWNER TO ${quoteIdentifier(owners[owner] ?? owner)}`,
        );
    }
    if (empty) continue;
    await client.query('SELECT pg_catalog.lo_put($1::oid, $2::bigint, $3::bytea)', [
      oid,
      Number(part) * partBytes,
      data,
    ]);
  }
  await client.query(`${record.statement(step)}; COMMIT`);
}
