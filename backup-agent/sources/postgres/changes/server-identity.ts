import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { FollowState } from './follow-state.ts';

const row = z.object({
  systemIdentifier: z.string(),
  timeline: z.coerce.number().int(),
  majorVersion: z.coerce.number().int(),
  database: z.string(),
  recovering: z.boolean(),
  types: z.record(z.string(), z.string()),
});
const publicationRow = z.object({ name: z.string(), stamp: z.string() });

export type ServerIdentity = Pick<FollowState, 'server' | 'types' | 'publications'> & {
  /** A standby: it has no log position of its own. */
  readonly recovering: boolean;
};

/**
 * A label added to an enum changes nothing for rows that exist, a renamed one does; so labels go by
 * their own OIDs. An attribute added to a composite type changes how its old values read.
 */
const identityQuery = `
SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS "systemIdentifier",
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN 1 ELSE
         ('x' || left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))::bit(32)::int
       END AS timeline,
       pg_catalog.current_setting('server_version_num')::int / 10000 AS "majorVersion",
       pg_catalog.current_database() AS database,
       pg_catalog.pg_is_in_recovery() AS recovering,
       (SELECT coalesce(json_object_agg(key, value ORDER BY key), '{}') FROM (
          SELECT 'enum label ' || e.oid AS key, e.enumlabel::text AS value
          FROM pg_catalog.pg_enum e
          UNION ALL
          SELECT 'composite ' || a.attrelid, string_agg(
                   concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod), ','
                   ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
          WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped AND c.oid >= 16384
          GROUP BY a.attrelid
       ) parts) AS types`;

const publicationQuery = `
SELECT pubname AS name, concat_ws('/', oid, xmin) AS stamp
FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::text[]) ORDER BY pubname`;

/** Who this server is, and what must stay as it is for a chain to go on. */
export async function readServerIdentity(
  client: ClientBase,
  publications: readonly string[],
): Promise<ServerIdentity> {
  const identity = row.parse((await client.query(identityQuery)).rows[0]);
  const found = await client.query(publicationQuery, [publications]);
  const { recovering, types, ...server } = identity;
  return { server, types, recovering, publications: z.array(publicationRow).parse(found.rows) };
}
