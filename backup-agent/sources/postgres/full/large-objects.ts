import { z } from 'zod';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter } from '../../source.ts';
import type { PostgresSession } from '../connection.ts';
import { copyQuery } from '../copy-out.ts';
import type { Inventory } from '../inventory.ts';
import { digesting, RowDigest } from '../row-digest.ts';

export const largeObjectsName = 'large-objects.copy';

const counts = z.object({ readable: z.int(), unreadable: z.int() });

/** Whether the current role may read a large object, which no function tells before version 18. */
const readable = `(
  (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
  OR current_setting('lo_compat_privileges')::boolean
  OR pg_catalog.pg_has_role(m.lomowner, 'USAGE')
  OR EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT'
    AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))))`;

/**
 * Rows of (oid, owner, part, bytes): parts of 1 MiB counted from 0, an empty object as one empty
 * part. By `lo_get`, because a managed server lets nobody read `pg_largeobject`.
 */
const statement = `
SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner), part.number, part.data
FROM pg_catalog.pg_largeobject_metadata m, LATERAL (
  WITH RECURSIVE parts (number, data) AS (
    SELECT 0::bigint, pg_catalog.lo_get(m.oid, 0, 1048576)
    UNION ALL
    SELECT number + 1, pg_catalog.lo_get(m.oid, (number + 1) * 1048576, 1048576)
    FROM parts WHERE octet_length(data) = 1048576
  ) SELECT number, data FROM parts
) part
WHERE ${readable}`;

/** Backs up every large object that the role may read; the others become one problem. */
export async function backUpLargeObjects(
  { client }: Pick<PostgresSession, 'client'>,
  writer: BackupWriter,
): Promise<{ entry: Inventory['largeObjects']; problems: Problem[] }> {
  const { rows } = await client.query(`
    SELECT count(*) FILTER (WHERE ${readable})::int AS readable,
      count(*) FILTER (WHERE NOT ${readable})::int AS unreadable
    FROM pg_catalog.pg_largeobject_metadata m`);
  const count = counts.parse(rows[0]);
  const problems: Problem[] =
    count.unreadable === 0
      ? []
      : [
          {
            where: 'large objects',
            what: `not covered: the role may not read ${count.unreadable} of them`,
          },
        ];
  if (count.readable === 0)
    return { entry: { count: 0, bytes: 0, unreadable: count.unreadable }, problems };
  const digest = new RowDigest();
  const written = await writer.writeObject(
    largeObjectsName,
    digesting(copyQuery(client, statement), digest),
  );
  return {
    entry: {
      count: count.readable,
      bytes: written.plaintextBytes,
      object: largeObjectsName,
      digest: digest.result().digest,
      unreadable: count.unreadable,
    },
    problems,
  };
}
