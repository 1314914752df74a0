import type { MaskingProfile, MaskRule } from '../../contracts/masking.ts';
import { HoldfastError, type Problem } from '../errors/holdfast-error.ts';
import { columnMask, type ColumnMask } from './column-mask.ts';
import { misfitOf, parseColumnType, ruleName, type ColumnType } from './column-type.ts';
import { hasPersonalName } from './detectors/detectors.ts';
import type { MaskingKey } from './masking-key.ts';

/** A table as the schema in the backup defines it. */
export interface TableShape {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnShape[];
}

export interface ColumnShape {
  readonly name: string;
  /** As `pg_dump` spells it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly generated: boolean;
}

/** Columns of one table, in order. */
export interface ColumnList {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

export interface SchemaShape {
  readonly tables: readonly TableShape[];
  readonly unique: readonly ColumnList[];
  readonly foreignKeys: readonly { readonly from: ColumnList; readonly to: ColumnList }[];
}

export interface PlannedColumn {
  readonly rule: MaskRule;
  readonly type: ColumnType;
  /** Absent for `keep`. */
  readonly mask?: ColumnMask;
}

/** By column name; columns without a rule are not in it. */
export type PlannedTable = ReadonlyMap<string, PlannedColumn>;

export interface MaskingPlan {
  /** Every table with a rule. */
  readonly tables: readonly Pick<TableShape, 'schema' | 'name'>[];
  readonly table: (schema: string, name: string) => PlannedTable;
  /** Columns of a table without a rule whose names promise personal data. */
  readonly undeclared: (schema: string, name: string) => Problem[];
  readonly largeObjects: MaskingProfile['largeObjects'];
}

/** Rules under which two values may become the same one. */
const collapsing = new Set(['redact', 'scrub', 'shiftDays', 'noisePercent']);

/**
 * Binds a profile to a schema. Throws `mask-invalid` with everything that is wrong: a table or column
 * that the backup does not have, a rule that its type does not take, null where none may be, rules
 * that would break a foreign key or a unique column.
 */
export function planMasking(
  profile: MaskingProfile,
  key: MaskingKey,
  schema: SchemaShape,
  matches: (pattern: string, table: TableShape) => boolean,
): MaskingPlan {
  const problems: Problem[] = [];
  const rules = assignRules(profile, schema.tables, matches, problems);
  const tables = new Map<string, PlannedTable>();
  for (const table of schema.tables) {
    const planned = new Map<string, PlannedColumn>();
    for (const [column, rule] of rules.get(table) ?? [])
      planned.set(column, planColumn(key, table, column, rule, problems));
    tables.set(keyOf(table), planned);
  }
  const table = (schemaName: string, name: string) =>
    tables.get(keyOf({ schema: schemaName, name })) ?? new Map<string, PlannedColumn>();
  problems.push(...uniqueProblems(schema, table), ...foreignKeyProblems(schema, table));
  if (problems.length > 0)
    throw new HoldfastError(
      'mask-invalid',
      `the masking profile does not fit the schema in the backup: ${problems.map(({ where, what }) => `${where} ${what}`).join('; ')}`,
      { problems },
    );
  return {
    tables: [...rules.keys()].map(({ schema: schemaName, name }) => ({ schema: schemaName, name })),
    table,
    undeclared: (schemaName, name) =>
      undeclaredNames(schema.tables, { schema: schemaName, name }, table),
    largeObjects: profile.largeObjects,
  };
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

type Rules = ReadonlyMap<TableShape, ReadonlyMap<string, MaskRule>>;

function assignRules(
  { tables: declared }: MaskingProfile,
  tables: readonly TableShape[],
  matches: (pattern: string, table: TableShape) => boolean,
  problems: Problem[],
): Rules {
  const rules = new Map<TableShape, Map<string, MaskRule>>();
  for (const [pattern, columns] of Object.entries(declared)) {
    const matching = tables.filter((table) => matches(pattern, table));
    if (matching.length === 0) problems.push({ where: pattern, what: 'is no table of the backup' });
    for (const [column, rule] of Object.entries(columns)) {
      const having = matching.filter((table) => table.columns.some(({ name }) => name === column));
      if (matching.length > 0 && having.length === 0)
        problems.push({ where: `${pattern}.${column}`, what: 'is no column of the backup' });
      for (const table of having) {
        const ofTable = rules.get(table) ?? new Map<string, MaskRule>();
        rules.set(table, ofTable);
        if (ofTable.has(column) && !sameRule(ofTable.get(column) ?? null, rule))
          problems.push({ where: `${pattern}.${column}`, what: 'has two different rules' });
        ofTable.set(column, rule);
      }
    }
  }
  return rules;
}

function planColumn(
  key: MaskingKey,
  table: TableShape,
  column: string,
  rule: MaskRule,
  problems: Problem[],
): PlannedColumn {
  const shape = table.columns.find(({ name }) => name === column);
  const type = parseColumnType(shape?.type ?? '');
  const wrong = (what: string) => {
    problems.push({ where: `${table.schema}.${table.name}.${column}`, what });
    return { rule, type };
  };
  if (rule === 'keep') return { rule, type };
  if (shape?.generated) return wrong('is generated: mask the columns that it is computed from');
  if (ruleName(rule) === 'null' && shape?.notNull) return wrong('may not be null');
  const misfit = misfitOf(rule, type);
  return misfit === undefined ? { rule, type, mask: columnMask(key, rule, type) } : wrong(misfit);
}

type Lookup = MaskingPlan['table'];

function uniqueProblems({ unique }: SchemaShape, table: Lookup): Problem[] {
  return unique.flatMap(({ schema, name, columns }) => {
    const [column] = columns;
    const rule =
      column === undefined || columns.length > 1
        ? undefined
        : table(schema, name).get(column)?.rule;
    if (rule === undefined) return [];
    const isName =
      typeof rule === 'object' && rule !== null && 'pseudonym' in rule && rule.pseudonym === 'name';
    if (!isName && !collapsing.has(ruleName(rule))) return [];
    const where = `${schema}.${name}.${column}`;
    return [
      {
        where,
        what: `is unique, and ${isName ? 'names' : ruleName(rule)} may make two values the same: use hash`,
      },
    ];
  });
}

function foreignKeyProblems({ foreignKeys }: SchemaShape, table: Lookup): Problem[] {
  return foreignKeys.flatMap(({ from, to }) =>
    from.columns.flatMap((column, at) => {
      const target = to.columns[at] ?? '';
      const left = table(from.schema, from.name).get(column);
      const right = table(to.schema, to.name).get(target);
      if (!left?.mask && !right?.mask) return [];
      if (left && right && sameRule(left.rule, right.rule) && left.type.name === right.type.name)
        return [];
      const where = `${from.schema}.${from.name}.${column}`;
      return [
        { where, what: `references ${to.schema}.${to.name}.${target}: both need the same rule` },
      ];
    }),
  );
}

function sameRule(left: MaskRule, right: MaskRule): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function undeclaredNames(
  tables: readonly TableShape[],
  place: Pick<TableShape, 'schema' | 'name'>,
  lookup: Lookup,
): Problem[] {
  const shape = tables.find(({ schema, name }) => schema === place.schema && name === place.name);
  return (shape?.columns ?? [])
    .filter(({ name, generated }) => !generated && hasPersonalName(name))
    .filter(({ name }) => !lookup(place.schema, place.name).has(name))
    .map(({ name }) => ({
      where: `${place.schema}.${place.name}.${name}`,
      what: 'has no masking rule, and its name promises personal data',
    }));
}
