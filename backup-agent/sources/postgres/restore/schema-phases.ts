import type { SchemaEntry } from './schema-script.ts';

/** A schema in the order in which a restore builds it. */
export interface SchemaPhases {
  /** Everything that must stand before the rows come. */
  readonly before: readonly SchemaEntry[];
  /** Primary keys and replica identity indexes: what changes are replayed by. */
  readonly keys: readonly SchemaEntry[];
  /** Indexes and constraints that depend on one table alone; any order, several at once. */
  readonly indexes: readonly SchemaEntry[];
  /** The rest, in the script's order: foreign keys, triggers, rules, policies, grants … */
  readonly after: readonly SchemaEntry[];
  /** REFRESH MATERIALIZED VIEW, each after those it reads. */
  readonly refreshes: readonly SchemaEntry[];
}

/** Types that pg_dump places after the data. */
const postData = new Set([
  'INDEX',
  'INDEX ATTACH',
  'CONSTRAINT',
  'FK CONSTRAINT',
  'CHECK CONSTRAINT',
  'STATISTICS',
  'TRIGGER',
  'EVENT TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION',
  'SUBSCRIPTION TABLE',
  'MATERIALIZED VIEW DATA',
  'ACL',
  'DEFAULT ACL',
]);

/**
 * Sorts the entries of a script into phases. pg_dump writes what comes before the data, then what
 * comes after it, then grants; so the first entry of a later kind ends the first phase.
 */
export function schemaPhases(entries: readonly SchemaEntry[]): SchemaPhases {
  const boundary = entries.findIndex((entry) => postData.has(entry.type));
  const at = boundary < 0 ? entries.length : boundary;
  const later = entries.slice(at);
  return {
    before: entries.slice(0, at),
    keys: later.filter(isKey),
    indexes: later.filter((entry) => isIndex(entry) && !isKey(entry)),
    after: later.filter(
      (entry) => !isKey(entry) && !isIndex(entry) && entry.type !== 'MATERIALIZED VIEW DATA',
    ),
    refreshes: later.filter((entry) => entry.type === 'MATERIALIZED VIEW DATA'),
  };
}

/** A replica identity index says so below its own heading. */
function isKey({ type, sql }: SchemaEntry): boolean {
  if (type === 'CONSTRAINT') {
    return /\bADD CONSTRAINT (?:"(?:[^"]|"")+"|\S+) PRIMARY KEY\b/.test(sql) || identity.test(sql);
  }
  return type === 'INDEX' && identity.test(sql);
}

const identity = /\bREPLICA IDENTITY USING INDEX\b/;

function isIndex({ type }: SchemaEntry): boolean {
  return type === 'INDEX' || type === 'CONSTRAINT';
}
