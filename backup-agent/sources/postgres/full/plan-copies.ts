import type { CatalogTable } from '../changes/table-catalog.ts';
import { matchesTable } from '../table-pattern.ts';

/** One COPY: a table, or a range of its pages. */
export interface CopyUnit {
  readonly table: CatalogTable;
  readonly object: string;
  /** `WHERE …` when it is not the whole table. */
  readonly condition?: string;
  readonly pages: number;
}

export interface LeftOut {
  readonly table: CatalogTable;
  readonly why: string;
}

export interface CopyPlan {
  /** Largest first, so that lanes end together. */
  readonly units: readonly CopyUnit[];
  readonly leftOut: readonly LeftOut[];
}

export interface PlanInput {
  readonly tables: readonly CatalogTable[];
  readonly excludeTables: readonly string[];
  readonly excludeData: readonly string[];
  /** Tables of extensions with rows of the user's, and their condition. */
  readonly configuration: ReadonlyMap<number, string>;
  readonly pages: ReadonlyMap<number, number>;
  /** Ranges of pages are scanned as such from PostgreSQL 14 on; before, each would read all. */
  readonly ranges: boolean;
}

/** As servers are built, all but a few; elsewhere only progress is less exact. */
export const pageBytes = 8192;
/** 256 MiB: long enough that the start of a range costs nothing, short enough to share. */
const pagesPerRange = 32_768;

/** Decides what is copied, and in which parts. A pure function. */
export function planCopies(input: PlanInput): CopyPlan {
  const units: CopyUnit[] = [];
  const leftOut: LeftOut[] = [];
  for (const table of input.tables) {
    if (matchesTable(input.excludeTables, table)) continue;
    const why = whyLeftOut(table, input);
    if (why === undefined) units.push(...unitsOf(table, input));
    else if (why !== '') leftOut.push({ table, why });
  }
  return { units: units.toSorted((a, b) => b.pages - a.pages), leftOut };
}

/** Empty: it needs no mention, because the extension makes the rows itself. */
function whyLeftOut(table: CatalogTable, input: PlanInput): string | undefined {
  if (table.kind === 'f') return 'a foreign table: its rows live on another server';
  if (matchesTable(input.excludeData, table)) return 'its data are excluded by configuration';
  if (table.extension !== null && !input.configuration.has(table.oid)) return '';
  return undefined;
}

function unitsOf(table: CatalogTable, input: PlanInput): CopyUnit[] {
  const pages = input.pages.get(table.oid) ?? 0;
  const object = `table-${table.oid}`;
  const condition = input.configuration.get(table.oid);
  if (condition !== undefined && condition !== '')
    return [{ table, object: `${object}.copy`, condition, pages }];
  if (!input.ranges || pages <= pagesPerRange * 1.5)
    return [{ table, object: `${object}.copy`, pages }];
  const count = Math.ceil(pages / pagesPerRange);
  return Array.from({ length: count }, (_, at) => ({
    table,
    object: `${object}-${String(at + 1).padStart(5, '0')}.copy`,
    condition: rangeCondition(at * pagesPerRange, at + 1 < count ? pagesPerRange : undefined),
    pages: Math.min(pagesPerRange, pages - at * pagesPerRange),
  }));
}

/** The last range is open: the table may have grown since it was measured. */
function rangeCondition(from: number, pages: number | undefined): string {
  const start = `ctid >= '(${from},0)'::tid`;
  return pages === undefined
    ? `WHERE ${start}`
    : `WHERE ${start} AND ctid < '(${from + pages},0)'::tid`;
}
