import { quoteQualified } from '../changes/quote.ts';
import type { SchemaEntry } from './schema-script.ts';

const identifier = String.raw`(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`;
const qualified = `(${identifier})\\.(${identifier})`;

const altered = new RegExp(String.raw`\bALTER TABLE (?:ONLY )?${qualified}\s+ADD CONSTRAINT\b`);
const indexed = new RegExp(
  String.raw`\bCREATE (?:UNIQUE )?INDEX ${identifier} ON (?:ONLY )?${qualified} USING\b`,
);
const described = new RegExp(String.raw`\bCREATE STATISTICS .* FROM ${qualified};`, 's');
const referenced = new RegExp(String.raw`\bREFERENCES ${qualified}\s*\(`);

/** Quoted and qualified, the table that a constraint, index or statistics object of pg_dump's is of. */
export function subjectTable({ type, sql }: SchemaEntry): string | undefined {
  if (type === 'INDEX') return tableIn(indexed, sql);
  if (type === 'STATISTICS') return tableIn(described, sql);
  return tableIn(altered, sql);
}

/** The table that a foreign key points to. */
export function referencedTable({ sql }: SchemaEntry): string | undefined {
  return tableIn(referenced, sql);
}

function tableIn(pattern: RegExp, sql: string): string | undefined {
  const [, schema, name] = pattern.exec(sql) ?? [];
  return schema === undefined || name === undefined
    ? undefined
    : quoteQualified(unquote(schema), unquote(name));
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/**
 * Whether an index or constraint of pg_dump's may call functions of the user's: those are declared as
 * immutable, but nobody keeps them from reading other tables. Plain lists of columns cannot.
 */
export function computesValues({ sql }: SchemaEntry): boolean {
  if (/\bWHERE\b/.test(sql)) return true;
  // A parenthesis within one: an expression, or options, which is no harm to take for one.
  let depth = 0;
  for (const [character] of sql.matchAll(/[()]/g)) {
    depth += character === '(' ? 1 : -1;
    if (depth > 1) return true;
  }
  return false;
}
