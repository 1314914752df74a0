import type { CoverageFacts } from '../changes/coverage.ts';
import type { Coverage } from '../changes/follow-state.ts';
import type { CatalogTable } from '../changes/table-catalog.ts';
import type { InventoryTable } from '../inventory.ts';
import { RowDigest } from '../row-digest.ts';
import type { CopiedUnit, CopyResult } from './copy-tables.ts';
import type { CopyPlan } from './plan-copies.ts';

interface Described {
  readonly plan: CopyPlan;
  readonly result: CopyResult;
  readonly configuration: ReadonlyMap<number, string>;
  readonly coverage: (facts: CoverageFacts) => Coverage;
}

/** The inventory's tables: the parts of each put together, and what is not there and why. */
export function describeTables(input: Described): InventoryTable[] {
  const byTable = Map.groupBy(input.result.copied, ({ unit }) => unit.table.oid);
  const planned = new Map(input.plan.units.map(({ table }) => [table.oid, table]));
  const copied = [...planned.values()].map((table) => {
    const missing = input.result.missing.get(table.oid);
    const base = describe(table, input);
    if (missing) return { ...base, leftOut: missing.what };
    return { ...base, ...putTogether(byTable.get(table.oid) ?? []) };
  });
  const leftOut = input.plan.leftOut.map(({ table, why }) => ({
    ...describe(table, input),
    leftOut: why,
  }));
  return [...copied, ...leftOut].toSorted((a, b) => a.oid - b.oid);
}

function describe(table: CatalogTable, { coverage, configuration }: Described): InventoryTable {
  const condition = configuration.get(table.oid);
  return {
    oid: table.oid,
    schema: table.schema,
    name: table.name,
    columns: table.columns.map((column) => column.name),
    objects: [],
    rows: 0,
    bytes: 0,
    coverage: coverage(table),
    ...(table.extension === null || condition === undefined
      ? {}
      : { extension: { name: table.extension, condition } }),
  };
}

function putTogether(parts: readonly CopiedUnit[]) {
  const digest = new RowDigest();
  for (const part of parts) digest.add(part);
  return {
    objects: parts.map(({ unit }) => unit.object).toSorted(),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    ...digest.result(),
  };
}
