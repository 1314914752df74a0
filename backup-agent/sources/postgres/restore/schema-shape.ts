import type {
  ColumnList,
  ColumnShape,
  SchemaShape,
  TableShape,
} from '../../../privacy/masking-plan.ts';
import type { SchemaEntry } from './schema-script.ts';
import { sqlTokens } from './sql-tokens.ts';

const identifier = String.raw`(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`;
const qualified = `(${identifier})\\.(${identifier})`;
const list = String.raw`\(((?:${identifier}(?:, )?)+)\)`;

const keyConstraint = new RegExp(
  String.raw`ALTER TABLE ONLY ${qualified}\s+ADD CONSTRAINT ${identifier} (?:PRIMARY KEY|UNIQUE)[A-Z ]* ${list}`,
);
const uniqueIndex = new RegExp(
  String.raw`CREATE UNIQUE INDEX ${identifier} ON (?:ONLY )?${qualified} USING \w+ ${list}`,
);
const foreignKey = new RegExp(
  String.raw`ALTER TABLE (?:ONLY )?${qualified}\s+ADD CONSTRAINT ${identifier} FOREIGN KEY ${list} REFERENCES ${qualified}${list}`,
);

/**
 * Tables, unique columns and foreign keys as a script of pg_dump defines them, without a server: so a
 * masking profile can be checked before anything is written.
 */
export function schemaShape(entries: readonly SchemaEntry[]): SchemaShape {
  const tables: TableShape[] = [];
  const unique: ColumnList[] = [];
  const foreignKeys: { from: ColumnList; to: ColumnList }[] = [];
  for (const { type, schema, name, sql } of entries) {
    if (type === 'TABLE') tables.push({ schema, name, columns: columnsOf(sql, tables) });
    const key = type === 'CONSTRAINT' ? keyConstraint.exec(sql) : uniqueIndex.exec(sql);
    if (key) unique.push(columnList(key.slice(1)));
    const reference = type === 'FK CONSTRAINT' ? foreignKey.exec(sql) : null;
    if (reference)
      foreignKeys.push({
        from: columnList(reference.slice(1, 4)),
        to: columnList(reference.slice(4, 7)),
      });
  }
  return { tables, unique, foreignKeys };
}

function columnList([schema = '', name = '', columns = '']: readonly (
  | string
  | undefined
)[]): ColumnList {
  return {
    schema: unquote(schema),
    name: unquote(name),
    columns: [...columns.matchAll(new RegExp(identifier, 'g'))].map(([text]) => unquote(text)),
  };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

const inherits = new RegExp(
  String.raw`\)\s*INHERITS \(((?:${identifier}\.${identifier}(?:, )?)+)\)`,
);

/** What a table inherits is not repeated in its definition; parents come first in the script. */
function columnsOf(sql: string, before: readonly TableShape[]): ColumnShape[] {
  const own = definitions(sql).flatMap((text) => parseColumn(text) ?? []);
  const parents = inherits.exec(sql)?.[1] ?? '';
  const inherited = [...parents.matchAll(new RegExp(qualified, 'g'))].flatMap(
    ([, schema = '', name = '']) =>
      before.find((table) => table.schema === unquote(schema) && table.name === unquote(name))
        ?.columns ?? [],
  );
  const names = new Set(own.map(({ name }) => name));
  return [...inherited.filter(({ name }) => !names.has(name)), ...own];
}

/** What stands between the commas of the first parentheses. */
function definitions(sql: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const { text } of sqlTokens(sql)) {
    const opaque = /^['"$\w-]/.test(text) || (text.length > 1 && /^[eE]'/.test(text));
    for (const piece of opaque ? [text] : text) {
      if (piece === '(') depth += 1;
      if (piece === ')') depth -= 1;
      if (piece === ')' && depth === 0) return parts;
      if (piece === ',' && depth === 1) parts.push('');
      else if (depth > 1 || (depth === 1 && !(piece === '(' && parts.join('') === '')))
        parts[parts.length - 1] += piece;
    }
  }
  return [];
}

const column = new RegExp(`^\\s*(${identifier})\\s+([^]*)$`);
const afterType = / (?:DEFAULT|NOT NULL|GENERATED|COLLATE|CONSTRAINT|STORAGE|COMPRESSION)\b/;

function parseColumn(text: string): ColumnShape | undefined {
  const [, name, rest] = column.exec(text) ?? [];
  // Keywords in capitals are no identifiers: CONSTRAINT … CHECK (…)
  if (name === undefined || rest === undefined) return undefined;
  const end = afterType.exec(rest)?.index ?? rest.length;
  return {
    name: unquote(name),
    type: rest.slice(0, end).trim(),
    notNull: / NOT NULL\b/.test(rest.slice(end)),
    generated: rest.startsWith(' GENERATED ALWAYS AS (', end),
  };
}
