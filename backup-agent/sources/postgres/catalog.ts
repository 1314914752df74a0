import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { SchemaNeeds, SchemaRole } from './schema-needs.ts';

/** What the schema of this database names and does not hold, as the client's snapshot sees it. */
export async function readSchemaNeeds(client: ClientBase): Promise<SchemaNeeds> {
  return { extensions: await readExtensions(client), roles: await readRoles(client) };
}

const extension = z.object({ name: z.string(), version: z.string(), schema: z.string() });

export async function readExtensions(client: ClientBase): Promise<SchemaNeeds['extensions']> {
  const { rows } = await client.query(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname`);
  return z.array(extension).parse(rows);
}

const configurationTable = z.object({ oid: z.coerce.number(), condition: z.string() });

/** Tables of extensions with rows of the user's, by OID, and the condition that tells those rows. */
export async function readConfigurationTables(client: ClientBase): Promise<Map<number, string>> {
  const { rows } = await client.query(`
    SELECT u.oid::text AS oid, coalesce(u.condition, '') AS condition
    FROM pg_catalog.pg_extension e
    CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS u (oid, condition)
    JOIN pg_catalog.pg_class c ON c.oid = u.oid AND c.relkind = 'r'`);
  const tables = z.array(configurationTable).parse(rows);
  return new Map(tables.map((table) => [table.oid, table.condition]));
}

const role = z.object({
  name: z.string(),
  canLogin: z.boolean(),
  inherit: z.boolean(),
  bypassRls: z.boolean(),
  memberOf: z.array(z.string()),
});

/**
 * Roles that something in this database depends on: owners, grantees, those of policies and of
 * default privileges. `pg_shdepend` records all of them. Superusers of the system are left out.
 */
export async function readRoles(client: ClientBase): Promise<SchemaRole[]> {
  const { rows } = await client.query(`
    WITH RECURSIVE named AS (
      SELECT refobjid AS oid FROM pg_catalog.pg_shdepend
      WHERE refclassid = 'pg_catalog.pg_authid'::regclass AND dbid IN (0,
        (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
        AND (dbid <> 0 OR (classid = 'pg_catalog.pg_database'::regclass AND objid =
          (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())))
      UNION
      SELECT m.roleid FROM named n JOIN pg_catalog.pg_auth_members m ON m.member = n.oid
    )
    SELECT r.rolname AS name, r.rolcanlogin AS "canLogin", r.rolinherit AS inherit,
      r.rolbypassrls AS "bypassRls",
      ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m
        JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)
        AS "memberOf"
    FROM named n JOIN pg_catalog.pg_roles r ON r.oid = n.oid
    WHERE r.rolname !~ '^pg_' AND r.oid >= 16384 ORDER BY r.rolname`);
  return z.array(role).parse(rows);
}

const size = z.object({ oid: z.coerce.number(), pages: z.coerce.number() });

/** Pages of every table now: decides order and parts, so it need not be of the snapshot. */
export async function readTablePages(client: ClientBase): Promise<Map<number, number>> {
  const { rows } = await client.query(`
    SELECT c.oid::text AS oid,
      (pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int)::text AS pages
    FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relpersistence <> 't'`);
  return new Map(
    z
      .array(size)
      .parse(rows.filter(({ pages }) => pages !== null))
      .map(({ oid, pages }) => [oid, pages]),
  );
}
