import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { PublicationNames } from './changes/publications.ts';

const facts = z.object({
  version: z.string(),
  majorVersion: z.int(),
  database: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  recovering: z.boolean(),
  role: z.string(),
  superuser: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  walLevel: z.string(),
  slotsLimit: z.int(),
  slotsUsed: z.int(),
  sendersLimit: z.int(),
  sendersUsed: z.int(),
  keepMegabytes: z.int(),
  managed: z.boolean(),
});
/** What a server says of itself and of the role that asks. */
export type ServerFacts = z.infer<typeof facts>;

/** RDS and Aurora give their roles rights by membership in roles of theirs. */
const query = `
SELECT current_setting('server_version') AS version,
  current_setting('server_version_num')::int / 10000 AS "majorVersion",
  d.datname AS database, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate AS collate, d.datctype AS ctype,
  pg_catalog.pg_is_in_recovery() AS recovering, r.rolname AS role, r.rolsuper AS superuser,
  r.rolsuper OR r.rolreplication OR EXISTS (
    SELECT FROM pg_catalog.pg_roles m WHERE m.rolname IN ('rds_replication', 'rds_superuser')
      AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER')) AS replication,
  r.rolsuper OR r.rolbypassrls AS "bypassRls",
  current_setting('wal_level') AS "walLevel",
  current_setting('max_replication_slots')::int AS "slotsLimit",
  (SELECT count(*)::int FROM pg_catalog.pg_replication_slots) AS "slotsUsed",
  current_setting('max_wal_senders')::int AS "sendersLimit",
  (SELECT count(*)::int FROM pg_catalog.pg_stat_replication) AS "sendersUsed",
  (SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size')
    AS "keepMegabytes",
  EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser') AS managed
FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
WHERE d.datname = current_database() AND r.rolname = current_user`;

export async function readServerFacts(client: ClientBase): Promise<ServerFacts> {
  const { rows } = await client.query(query);
  return facts.parse(rows[0]);
}

const publication = z.object({
  name: z.string(),
  allTables: z.boolean(),
  insert: z.boolean(),
  update: z.boolean(),
  delete: z.boolean(),
  truncate: z.boolean(),
});

/** Why changes cannot be followed, so that only fulls are possible; undefined when they can. */
export async function whyNoFollowing(
  client: ClientBase,
  facts: ServerFacts,
  names: PublicationNames,
): Promise<string | undefined> {
  if (facts.recovering) return 'the server is a standby';
  if (facts.walLevel !== 'logical') return `wal_level is ${facts.walLevel}, not logical`;
  if (!facts.replication) return `the role ${facts.role} has no REPLICATION right`;
  const { rows } = await client.query(
    `SELECT pubname AS name, puballtables AS "allTables", pubinsert AS insert, pubupdate AS update,
       pubdelete AS delete, pubtruncate AS truncate
     FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::text[])`,
    [[names.all, names.keyed]],
  );
  const found = new Map(
    z
      .array(publication)
      .parse(rows)
      .map((entry) => [entry.name, entry]),
  );
  const all = found.get(names.all);
  const keyed = found.get(names.keyed);
  if (!all) return `the publication ${names.all} does not exist`;
  if (!keyed) return `the publication ${names.keyed} does not exist`;
  if (!all.insert || !all.truncate) return `the publication ${names.all} lacks insert or truncate`;
  if (!keyed.update || !keyed.delete)
    return `the publication ${names.keyed} lacks update or delete`;
  return undefined;
}
