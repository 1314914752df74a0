import { quoteIdentifier, quoteLiteral } from '../changes/quote.ts';
import type { DatabaseProperties, DatabaseSetting } from '../database-properties.ts';
import type { RoleMapping } from './role-names.ts';

export interface DatabaseRules {
  readonly database: string;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  readonly roleMapping: RoleMapping;
}

export interface DatabaseStatement {
  /** What it gives: `setting work_mem`, `owner` … */
  readonly gives: string;
  readonly sql: string;
  /** The statement for people and logs, when it may hold a secret; else `sql` may be shown. */
  readonly shown?: string;
}

/**
 * Statements that give a new database its properties, each for itself. The owner comes last: after
 * that the restoring role may have no say any more.
 */
export function databaseStatements(
  properties: DatabaseProperties,
  rules: DatabaseRules,
): DatabaseStatement[] {
  const database = quoteIdentifier(rules.database);
  const { comment, connectionLimit, settings } = properties;
  return [
    ...settings.map((setting) => settingStatement(database, setting, rules)),
    ...(connectionLimit < 0
      ? []
      : [
          {
            gives: 'connection limit',
            sql: `ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`,
          },
        ]),
    ...(comment === undefined
      ? []
      : [
          {
            gives: 'comment',
            sql: `COMMENT ON DATABASE ${database} IS ${quoteLiteral(comment)}`,
          },
        ]),
    ...(rules.noPrivileges ? [] : grantStatements(database, properties, rules)),
    ...(rules.noOwner
      ? []
      : [
          {
            gives: 'owner',
            sql: `ALTER DATABASE ${database} OWNER TO ${roleName(properties.owner, rules)}`,
          },
        ]),
  ];
}

function roleName(name: string, { roleMapping }: DatabaseRules): string {
  return quoteIdentifier(roleMapping[name] ?? name);
}

function settingStatement(
  database: string,
  { role, setting }: DatabaseSetting,
  rules: DatabaseRules,
): DatabaseStatement {
  const [name = '', value = ''] = setting.split(/=(.*)/s);
  const of = role === undefined ? '' : ` of role ${role}`;
  const whose =
    role === undefined
      ? `DATABASE ${database}`
      : `ROLE ${roleName(role, rules)} IN DATABASE ${database}`;
  const set = `ALTER ${whose} SET ${quoteIdentifier(name)} TO`;
  return {
    gives: `setting ${name}${of}`,
    sql: `${set} ${settingValue(name, value)}`,
    // A name with a dot is an application's or extension's own: some keep keys and passwords there.
    ...(name.includes('.') ? { shown: `${set} …` } : {}),
  };
}

/**
 * Settings that hold a list of names, each quoted where it must be: GUC_LIST_QUOTE in PostgreSQL's
 * guc_tables.c. Given as one string, the whole list would become a single name.
 */
const lists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function settingValue(name: string, value: string): string {
  if (!lists.has(name.toLowerCase())) return quoteLiteral(value);
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([whole, quoted]) => quoted?.replaceAll('""', '"') ?? whole,
  );
  return names.length === 0 ? `''` : names.map(quoteLiteral).join(', ');
}

/** The owner has every right by itself. */
function grantStatements(
  database: string,
  { grants, owner }: DatabaseProperties,
  rules: DatabaseRules,
): DatabaseStatement[] {
  if (grants === undefined) return [];
  return [
    { gives: 'grants to PUBLIC', sql: `REVOKE ALL ON DATABASE ${database} FROM PUBLIC` },
    ...grants
      .filter(({ grantee }) => grantee !== owner)
      .map(({ grantee, privilege, grantable }) => {
        const to = grantee === undefined ? 'PUBLIC' : roleName(grantee, rules);
        const further = grantable ? ' WITH GRANT OPTION' : '';
        return {
          gives: `grant of ${privilege} to ${grantee ?? 'PUBLIC'}`,
          sql: `GRANT ${privilege} ON DATABASE ${database} TO ${to}${further}`,
        };
      }),
  ];
}
