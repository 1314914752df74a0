import type { ClientBase } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { quoteIdentifier } from '../changes/quote.ts';
import type { Inventory } from '../inventory.ts';
import { readServerFacts } from '../server-facts.ts';
import type { RestoreOptions } from './restore-options.ts';
import type { RoleMapping } from './role-names.ts';

export interface TargetWishes {
  readonly skipExtensions: readonly string[];
  readonly roles: 'require' | 'create';
  readonly roleMapping: RoleMapping;
  /** Whether any statement will name a role. */
  readonly namesRoles: boolean;
}

export function targetWishes(options: RestoreOptions): TargetWishes {
  const { skipExtensions = [], roles = 'require', roleMapping = {} } = options;
  const { noOwner = false, noPrivileges = false } = options;
  return { skipExtensions, roles, roleMapping, namesRoles: !(noOwner && noPrivileges) };
}

const found = z.object({ what: z.string() });

/** Anything that a user made; what extensions brought along does not count. */
const contents = `
SELECT what FROM (
  SELECT 'pg_catalog.pg_class'::regclass AS classid, c.oid,
    format('relation %I.%I', n.nspname, c.relname) AS what
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'holdfast_restore')
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::regclass, p.oid, format('function %I.%I', n.nspname, p.proname)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'pg_catalog.pg_type'::regclass, t.oid, format('type %I.%I', n.nspname, t.typname)
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'holdfast_restore')
    AND t.typrelid = 0 AND t.typelem = 0
  UNION ALL
  SELECT 'pg_catalog.pg_namespace'::regclass, oid, format('schema %I', nspname)
  FROM pg_catalog.pg_namespace
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'holdfast_restore')
  UNION ALL
  SELECT 'pg_catalog.pg_largeobject_metadata'::regclass, oid, format('large object %s', oid)
  FROM pg_catalog.pg_largeobject_metadata
) found
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = found.classid AND d.objid = found.oid AND d.deptype = 'e')
ORDER BY 1 LIMIT 4`;

/** Throws `target-not-empty`, naming some of what is there. */
export async function requireEmpty(client: ClientBase): Promise<void> {
  const { rows } = await client.query(contents);
  const things = z.array(found).parse(rows);
  if (things.length === 0) return;
  const { rows: names } = await client.query('SELECT current_database() AS what');
  throw new HoldfastError(
    'target-not-empty',
    `the database ${found.parse(names[0]).what} is not empty: it holds ${things
      .map(({ what }) => what)
      .join(', ')}`,
  );
}

/** Throws `target-not-empty`, naming what stands where the tables to be restored would. */
export async function requireAbsent(
  client: ClientBase,
  relations: readonly string[],
): Promise<void> {
  const { rows } = await client.query(
    `SELECT name AS what FROM unnest($1::text[]) AS name
     WHERE pg_catalog.to_regclass(name) IS NOT NULL ORDER BY 1 LIMIT 4`,
    [relations],
  );
  const things = z.array(found).parse(rows);
  if (things.length === 0) return;
  throw new HoldfastError(
    'target-not-empty',
    `the database holds ${things.map(({ what }) => what).join(', ')} already`,
    {
      hint: 'rename or drop them, or restore into another database and copy the rows from there; nothing was changed',
    },
  );
}

const nameRow = z.object({ name: z.string() });

/** What the target lacks and may do without, or is to be given. */
export interface Lacking {
  /** Left out because that was asked. */
  readonly extensions: readonly string[];
  /** To be made. */
  readonly roles: readonly string[];
}

/**
 * Names everything that the server lacks, and changes nothing: an older version, extensions, roles.
 * Throws `target-unsuitable` for what it may not lack.
 */
export async function requireSuitable(
  client: ClientBase,
  needs: Pick<Inventory, 'server' | 'extensions' | 'roles'>,
  wishes: TargetWishes,
): Promise<Lacking> {
  const { majorVersion } = await readServerFacts(client);
  if (majorVersion < needs.server.majorVersion) {
    throw new HoldfastError(
      'target-unsuitable',
      `the target is PostgreSQL ${majorVersion}, older than the ${needs.server.majorVersion} that was backed up`,
    );
  }
  const missing = await missingExtensions(client, needs);
  const needed = missing.filter((name) => !wishes.skipExtensions.includes(name));
  const roles = wishes.namesRoles ? await missingRoles(client, needs, wishes.roleMapping) : [];
  const problems = [
    ...needed.map((name) => ({ where: `extension ${name}`, what: 'is not on the server' })),
    ...(wishes.roles === 'require'
      ? roles.map((name) => ({ where: `role ${name}`, what: 'does not exist' }))
      : []),
  ];
  if (problems.length > 0) {
    const list = problems.map(({ where, what }) => `${where} ${what}`).join('; ');
    throw new HoldfastError(
      'target-unsuitable',
      `the target lacks what the backup needs: ${list}`,
      {
        problems,
      },
    );
  }
  return { extensions: missing, roles };
}

export async function createRoles(client: ClientBase, roles: readonly string[]): Promise<void> {
  for (const name of roles) await client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`);
}

async function missingExtensions(
  client: ClientBase,
  { extensions }: Pick<Inventory, 'extensions'>,
): Promise<string[]> {
  const { rows } = await client.query('SELECT name FROM pg_catalog.pg_available_extensions');
  const available = new Set(
    z
      .array(nameRow)
      .parse(rows)
      .map(({ name }) => name),
  );
  return extensions.map(({ name }) => name).filter((name) => !available.has(name));
}

async function missingRoles(
  client: ClientBase,
  { roles }: Pick<Inventory, 'roles'>,
  mapping: RoleMapping,
): Promise<string[]> {
  const { rows } = await client.query('SELECT rolname AS name FROM pg_catalog.pg_roles');
  const present = new Set(
    z
      .array(nameRow)
      .parse(rows)
      .map(({ name }) => name),
  );
  // The inventory does not list the server's first role, but that may be mapped too.
  const wanted = new Set([
    ...roles.map(({ name }) => mapping[name] ?? name),
    ...Object.values(mapping),
  ]);
  return [...wanted].filter((name) => !present.has(name));
}
