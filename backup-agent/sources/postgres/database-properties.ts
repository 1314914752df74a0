import type { ClientBase } from 'pg';
import { z } from 'zod';

const setting = z.strictObject({ role: z.string().optional(), setting: z.string() });
/** ALTER DATABASE … SET, and ALTER ROLE … IN DATABASE … SET: `name=value`, as the catalog holds it. */
export type DatabaseSetting = z.infer<typeof setting>;

const grant = z.strictObject({
  /** Absent for PUBLIC. */
  grantee: z.string().optional(),
  privilege: z.enum(['CREATE', 'CONNECT', 'TEMPORARY']),
  grantable: z.boolean(),
});

/** What belongs to a database itself, and so to no dump of what is in it. */
export const databaseProperties = z.strictObject({
  owner: z.string(),
  comment: z.string().optional(),
  /** -1: none. */
  connectionLimit: z.int().min(-1),
  /** What sorts and folds its text, with the name and the rules that this provider knows. */
  locale: z.strictObject({
    provider: z.enum(['libc', 'icu', 'builtin']),
    name: z.string().optional(),
    rules: z.string().optional(),
  }),
  /** Absent where it grants what every new database does. */
  grants: z.array(grant).optional(),
  settings: z.array(setting),
});
export type DatabaseProperties = z.infer<typeof databaseProperties>;
export type DatabaseLocale = DatabaseProperties['locale'];

const provider = { b: 'builtin', c: 'libc', i: 'icu' } as const;
const optional = z
  .string()
  .nullable()
  .transform((text) => text ?? undefined);
const row = z.object({
  owner: z.string(),
  comment: optional,
  connectionLimit: z.int(),
  provider: z.enum(['b', 'c', 'i']),
  localeName: optional,
  localeRules: optional,
  grants: z.array(grant.extend({ grantee: z.string().nullable() })).nullable(),
  settings: z.array(setting.extend({ role: z.string().nullable() })),
});

/** As JSON, since the columns of the locale came with versions 15 to 17 and changed their names. */
const query = `
SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner,
  pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
  d.datconnlimit AS "connectionLimit",
  coalesce(j.row ->> 'datlocprovider', 'c') AS provider,
  coalesce(j.row ->> 'datlocale', j.row ->> 'daticulocale') AS "localeName",
  j.row ->> 'daticurules' AS "localeRules",
  CASE WHEN d.datacl IS NOT NULL THEN coalesce((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('grantee', r.rolname,
      'privilege', a.privilege_type, 'grantable', a.is_grantable) ORDER BY a.ordinality)
    FROM pg_catalog.aclexplode(d.datacl) WITH ORDINALITY a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE a.privilege_type IN ('CREATE', 'CONNECT', 'TEMPORARY')), '[]') END AS grants,
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', r.rolname,
      'setting', u.setting) ORDER BY r.rolname NULLS FIRST, u.ordinality)
    FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS u (setting)
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
    WHERE s.setdatabase = d.oid AND (s.setrole = 0 OR r.oid IS NOT NULL)), '[]') AS settings
FROM pg_catalog.pg_database d, LATERAL (SELECT pg_catalog.to_jsonb(d) AS row) j
WHERE d.datname = current_database()`;

/** Of the client's database, in its snapshot. */
export async function readDatabaseProperties(client: ClientBase): Promise<DatabaseProperties> {
  const { rows } = await client.query(query);
  const found = row.parse(rows[0]);
  const { owner, comment, connectionLimit, localeName, localeRules, grants } = found;
  return {
    owner,
    ...(comment === undefined ? {} : { comment }),
    connectionLimit,
    locale: {
      provider: provider[found.provider],
      ...(localeName === undefined ? {} : { name: localeName }),
      ...(localeRules === undefined ? {} : { rules: localeRules }),
    },
    ...(grants === null
      ? {}
      : {
          grants: grants.map(({ grantee, ...rest }) =>
            grantee === null ? rest : { grantee, ...rest },
          ),
        }),
    settings: found.settings.map(({ role, setting: text }) =>
      role === null ? { setting: text } : { role, setting: text },
    ),
  };
}
