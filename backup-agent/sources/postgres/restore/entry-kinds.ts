import type { Reference } from './references.ts';
import type { SchemaEntry } from './schema-script.ts';

/** Belong to one table each; the first table that they name is the one. */
const owned = new Set([
  'DEFAULT',
  'SEQUENCE OWNED BY',
  'TABLE ATTACH',
  'INDEX',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'STATISTICS',
]);
const relations = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE']);
const remarks = new Set(['COMMENT', 'ACL', 'SECURITY LABEL']);
/** Come only with the whole database. */
const never =
  /^(MATERIALIZED VIEW DATA|INDEX ATTACH|SUBSCRIPTION.*|PUBLICATION.*|EVENT TRIGGER|DEFAULT ACL|USER MAPPING|DATABASE.*|LARGE OBJECT.*|BLOB.*|EXTENSION)$/;

export function isRelation({ type }: SchemaEntry): boolean {
  return relations.has(type);
}

export function isAboutAnother({ type }: SchemaEntry): boolean {
  return remarks.has(type);
}

export function isOwned(entry: SchemaEntry): boolean {
  return owned.has(entry.type) || isIdentitySequence(entry);
}

/** Types, functions, sequences, schemas …: what many tables may need. */
export function isShared(entry: SchemaEntry): boolean {
  return !isRelation(entry) && !isOwned(entry) && !isAboutAnother(entry) && !never.test(entry.type);
}

/** Of GENERATED … AS IDENTITY: made by altering its table. */
function isIdentitySequence({ type, sql }: SchemaEntry): boolean {
  return type === 'SEQUENCE' && /^\s*(?:SET [^;]*;\s*)*(?:--[^\n]*\s*)*ALTER TABLE\b/.test(sql);
}

/** Keys of the index, sequence or statistics that an entry makes, if it makes one. */
export function madeBy({ type, schema, name, sql }: SchemaEntry): string[] {
  if (type === 'INDEX' || type === 'SEQUENCE' || type === 'STATISTICS')
    return [keyOf({ schema, name })];
  if (type !== 'CONSTRAINT' || !/\b(PRIMARY KEY|UNIQUE|EXCLUDE)\b/.test(sql)) return [];
  const found = /\bADD CONSTRAINT (?:"((?:[^"]|"")+)"|(\S+))/.exec(sql);
  const constraint = found?.[1]?.replaceAll('""', '"') ?? found?.[2];
  return constraint === undefined ? [] : [keyOf({ schema, name: constraint })];
}

/**
 * Extensions whose access methods or default operator classes an index uses: a default is the one
 * thing of an extension that pg_dump does not name.
 */
export function unnamedExtensions({ type, sql }: SchemaEntry): string[] {
  if (type !== 'INDEX' && type !== 'CONSTRAINT') return [];
  const method = /\bUSING ("?\w+"?) \(/.exec(sql)?.[1];
  return method === undefined ? [] : (byMethod[method] ?? []);
}

const byMethod: Readonly<Record<string, string[]>> = {
  gist: ['btree_gist'],
  gin: ['btree_gin'],
  bloom: ['bloom'],
  rum: ['rum'],
};

export function isRoutine({ type }: SchemaEntry): boolean {
  return /^(FUNCTION|PROCEDURE|AGGREGATE)$/.test(type);
}

/** The heading's name, without a routine's arguments. */
export function bareName(entry: SchemaEntry): string {
  return isRoutine(entry) ? entry.name.replace(/\(.*$/s, '') : entry.name;
}

/** One text for a qualified name. */
export function keyOf({ schema, name }: Reference): string {
  return JSON.stringify([schema, name]);
}
