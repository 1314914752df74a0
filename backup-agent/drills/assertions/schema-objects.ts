import {
  parseSchemaScript,
  type SchemaEntry,
} from '../../sources/postgres/restore/schema-script.ts';
import type { Comparison } from '../assertion.ts';

/** The schema of the restored database, as pg_dump sees it. */
export interface RestoredSchema {
  readonly sql: string;
  /** Of the pg_dump that wrote it. */
  readonly version: number;
}

export interface ExpectedSchema {
  readonly entries: readonly SchemaEntry[];
  /** Of the pg_dump that wrote the backup's schema. */
  readonly dumpVersion: number;
  /** Extensions that were left out, and with them whatever needs them. */
  readonly skippedExtensions: readonly string[];
  /** Whether owners and grants were restored; a borrowed database has its own. */
  readonly rights: boolean;
}

/**
 * Everything that the backup's schema names is in the restored one, belongs to the same role, and
 * has the same grants. Both are read as pg_dump writes them; two versions of it, or an extension left
 * out, may explain what is missing, which then is unproven.
 */
export function* compareSchemas(
  expected: ExpectedSchema,
  restored: RestoredSchema,
): Generator<Comparison> {
  const found = new Map(parseSchemaScript(restored.sql).map((entry) => [identity(entry), entry]));
  const explained =
    expected.skippedExtensions.length > 0 || expected.dumpVersion !== restored.version;
  for (const entry of expected.entries) {
    if (!expected.rights && isGrant(entry)) continue;
    yield {
      subject: identity(entry),
      ...compareEntry(entry, found.get(identity(entry)), expected.rights, explained),
    };
  }
}

function compareEntry(
  entry: SchemaEntry,
  found: SchemaEntry | undefined,
  rights: boolean,
  explained: boolean,
): Pick<Comparison, 'outcome' | 'what'> {
  if (!found)
    return explained
      ? { outcome: 'unproven', what: 'is missing; another pg_dump or no extension may be why' }
      : { outcome: 'failed', what: 'is missing' };
  if (rights && entry.ownerSql !== undefined && entry.ownerSql !== found.ownerSql)
    return { outcome: 'failed', what: 'belongs to another role' };
  if (!isGrant(entry)) return { outcome: 'passed', what: 'there' };
  const granted = statementsOf(found);
  const missing = [...statementsOf(entry)].filter((statement) => !granted.has(statement));
  return missing.length === 0
    ? { outcome: 'passed', what: 'granted' }
    : { outcome: 'failed', what: `not granted: ${missing.join('; ')}` };
}

function isGrant({ type }: SchemaEntry): boolean {
  return type === 'ACL' || type === 'DEFAULT ACL';
}

function identity({ type, schema, name }: SchemaEntry): string {
  return `${type.toLowerCase()} ${schema === '-' ? '' : `${schema}.`}${name}`;
}

/** Each on a line of its own, but for names that hold a line feed. */
function statementsOf({ sql }: SchemaEntry): Set<string> {
  return new Set(sql.match(/^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)\b[^]*?;$/gm));
}
