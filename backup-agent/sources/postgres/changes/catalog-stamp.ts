import type { ClientBase } from 'pg';
import { z } from 'zod';

/** Catalogs whose rows make up a schema. Those of temporary tables are left out below. */
const catalogs = [
  'pg_aggregate',
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_default_acl',
  'pg_enum',
  'pg_event_trigger',
  'pg_extension',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_proc',
  'pg_publication',
  'pg_publication_rel',
  'pg_range',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_config_map',
  'pg_ts_dict',
] as const;

/** Catalogs that hang on a relation, with the column that names it. */
const relationCatalogs = [
  ['pg_attrdef', 'adrelid'],
  ['pg_attribute', 'attrelid'],
  ['pg_constraint', 'conrelid'],
  ['pg_foreign_table', 'ftrelid'],
  ['pg_index', 'indexrelid'],
  ['pg_inherits', 'inhrelid'],
  ['pg_partitioned_table', 'partrelid'],
  ['pg_policy', 'polrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_sequence', 'seqrelid'],
  ['pg_statistic_ext', 'stxrelid'],
  ['pg_trigger', 'tgrelid'],
] as const;

const rowHash = 'pg_catalog.hashint8(xmin::text::bigint)::bigint';

const plain = catalogs.map(
  (catalog) =>
    `SELECT '${catalog}' AS catalog, count(*), sum(${rowHash}) FROM pg_catalog.${catalog}`,
);
const hanging = relationCatalogs.map(
  ([catalog, column]) =>
    `SELECT '${catalog}', count(*), sum(${rowHash}) FROM pg_catalog.${catalog}
     WHERE ${column} NOT IN (SELECT oid FROM passing)`,
);
/** A domain's or composite's own row, comments, and settings of the database hang on no relation. */
const others = [
  `SELECT 'pg_namespace', count(*), sum(${rowHash}) FROM pg_catalog.pg_namespace
   WHERE nspname !~ '^pg_t'`,
  // Told by content: a REFRESH or TRUNCATE writes the row anew and changes no definition.
  `SELECT 'pg_class', count(*), sum(pg_catalog.hashtext(concat_ws('/', oid, relname, relnamespace,
     relowner, relam, relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident,
     relacl::text, reloptions::text, relpartbound::text))::bigint) FROM pg_catalog.pg_class
   WHERE oid NOT IN (SELECT oid FROM passing)`,
  `SELECT 'pg_type', count(*), sum(${rowHash}) FROM pg_catalog.pg_type
   WHERE typnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_t')`,
  `SELECT 'pg_description', count(*), sum(${rowHash}) FROM pg_catalog.pg_description`,
  // Told by content, too: vacuum writes to the row of its database.
  `SELECT 'pg_database', count(*), sum(pg_catalog.hashtext(concat_ws('/', datdba, datacl::text,
     datconnlimit))::bigint) FROM pg_catalog.pg_database WHERE datname = current_database()`,
  `SELECT 'pg_db_role_setting', count(*), sum(pg_catalog.hashtext(concat_ws('/', setrole,
     setconfig::text))::bigint) FROM pg_catalog.pg_db_role_setting JOIN pg_catalog.pg_database d
     ON d.oid = setdatabase WHERE d.datname = current_database()`,
  `SELECT 'pg_shdescription', count(*), sum(pg_catalog.hashtext(description)::bigint)
   FROM pg_catalog.pg_shdescription JOIN pg_catalog.pg_database d ON d.oid = objoid
   WHERE classoid = 'pg_catalog.pg_database'::regclass AND d.datname = current_database()`,
  `SELECT 'pg_seclabel', count(*), sum(${rowHash}) FROM pg_catalog.pg_seclabel`,
];

const query = `
WITH passing AS MATERIALIZED (
  SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname ~ '^pg_t(oast_t)?emp_' OR c.relkind = 't'
     OR c.oid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid IN (
       SELECT oid FROM pg_catalog.pg_class WHERE relkind = 't'))
)
SELECT md5(string_agg(concat_ws(':', catalog, count, sum), ',' ORDER BY catalog)) AS stamp
FROM (${[...plain, ...hanging, ...others].join(' UNION ALL ')}) parts`;

const row = z.object({ stamp: z.string() });

/**
 * Changes whenever something in the schema does (and sometimes when nothing has): every catalog row is
 * told by the transaction that wrote it. Far cheaper than dumping the schema to compare it.
 */
export async function readCatalogStamp(client: ClientBase): Promise<string> {
  return row.parse((await client.query(query)).rows[0]).stamp;
}
