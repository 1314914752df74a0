import type { MaskingProfile } from '../../../../contracts/masking.ts';
import type { Problem } from '../../../errors/holdfast-error.ts';
import {
  fieldOf,
  fieldText,
  isNullField,
  nullField,
  rowsIn,
  splitFields,
  wholeRows,
} from '../../../privacy/copy-fields.ts';
import { findPersonal, type PersonalKind } from '../../../privacy/detectors/detectors.ts';
import type { MaskingKey } from '../../../privacy/masking-key.ts';
import {
  planMasking,
  type MaskingPlan,
  type PlannedColumn,
} from '../../../privacy/masking-plan.ts';
import { ValueSample } from '../../../privacy/value-sample.ts';
import type { Tuple } from '../changes/pgoutput-message.ts';
import { RowDigest, rowDigestAlgorithm, type RowSet } from '../row-digest.ts';
import { matchesTable } from '../table-pattern.ts';
import { schemaShape } from './schema-shape.ts';
import type { SchemaEntry } from './schema-script.ts';

export interface MaskedTable {
  readonly schema: string;
  readonly name: string;
  /** As the backup has them. */
  readonly original: RowSet;
  /** As they went to the target. */
  readonly masked: RowSet;
}

export interface MaskedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly planned: PlannedColumn;
  /** Some of the values that were masked. */
  readonly originals: ReadonlySet<string>;
}

export interface MaskingReport {
  readonly tables: readonly MaskedTable[];
  readonly columns: readonly MaskedColumn[];
  /** Columns without a rule that look personal, by name or by what was seen in them. */
  readonly undeclared: readonly Problem[];
  readonly largeObjects: MaskingProfile['largeObjects'];
}

interface Place {
  readonly schema: string;
  readonly name: string;
}

interface TableState extends Place {
  readonly columns: ReadonlyMap<string, ColumnState>;
  readonly original: RowDigest;
  readonly masked: RowDigest;
}

interface ColumnState {
  readonly planned: PlannedColumn | undefined;
  readonly sample: ValueSample;
  readonly seen: Map<PersonalKind, number>;
}

/** Rows are looked through for personal data at the beginning, then now and then. */
const firstRows = 2_000;
const thenEvery = 64;

/**
 * Masks rows and changes on their way into one restored database. Whatever passes has been masked
 * before the target sees it; what was seen is remembered for the report and the drill's assertions.
 */
export class RestoreMask {
  readonly #plan: MaskingPlan;
  readonly #tables = new Map<string, TableState>();

  /** Throws `mask-invalid` when the profile does not fit the schema. */
  constructor(profile: MaskingProfile, key: MaskingKey, schema: readonly SchemaEntry[]) {
    this.#plan = planMasking(profile, key, schemaShape(schema), (pattern, table) =>
      matchesTable([pattern], table),
    );
  }

  get keepsLargeObjects(): boolean {
    return this.#plan.largeObjects === 'keep';
  }

  /** COPY text of a table, in its columns' order, masked. Several parts of a table may run at once. */
  async *rows(
    unit: Place & { readonly columns: readonly string[]; readonly digest?: string | undefined },
    source: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const table = this.#table(unit, unit.digest);
    const states = unit.columns.map((column) => this.#column(table, column));
    const original = digestLike(unit.digest);
    const masked = new RowDigest();
    const masks = states.some(({ planned }) => planned?.mask !== undefined);
    let rows = 0;
    for await (const lines of wholeRows(source)) {
      original.update(lines);
      if (!masks) {
        rows = this.#look(lines, states, rows);
        masked.update(lines);
        yield lines;
        continue;
      }
      const parts: Buffer[] = [];
      for (const row of rowsIn(lines)) {
        parts.push(...maskRow(row, states, isExamined(rows)), newline);
        rows += 1;
      }
      const block = Buffer.concat(parts);
      masked.update(block);
      yield block;
    }
    table.original.add(original.result());
    table.masked.add(masked.result());
  }

  /** A table without masks is only looked at, now and then; returns how many rows have passed. */
  #look(lines: Buffer, states: readonly ColumnState[], before: number): number {
    let rows = before;
    for (const row of rowsIn(lines)) {
      if (isExamined(rows)) maskRow(row, states, true);
      rows += 1;
    }
    return rows;
  }

  /** One row of a change, whole or a key alone; its values are in the order of `columns`. */
  tuple(place: Place, columns: readonly string[], row: Tuple): Tuple {
    const table = this.#table(place);
    return row.map((value, at) => {
      const state = this.#column(table, columns[at] ?? '');
      if (!value) return value;
      if (!state.planned?.mask) return value;
      const text = value.toString('utf8');
      const masked = state.planned.mask(text);
      if (masked !== text) state.sample.add(text);
      return masked === undefined ? null : Buffer.from(masked);
    });
  }

  report(): MaskingReport {
    const tables = [...this.#tables.values()];
    return {
      tables: tables.map(({ schema, name, original, masked }) => ({
        schema,
        name,
        original: original.result(),
        masked: masked.result(),
      })),
      columns: this.#plan.tables.flatMap((place) => this.#maskedColumns(place)),
      undeclared: tables.flatMap((table) => this.#looksPersonal(table)),
      largeObjects: this.#plan.largeObjects,
    };
  }

  /** Whether or not this run masked a row of it: an earlier one that was killed may have. */
  #maskedColumns({ schema, name: table }: Place): MaskedColumn[] {
    const seen = this.#tables.get(keyOf({ schema, name: table }))?.columns;
    return [...this.#plan.table(schema, table)].flatMap(([column, planned]) => {
      const originals = seen?.get(column)?.sample.values ?? new Set<string>();
      return planned.mask ? [{ schema, table, column, planned, originals }] : [];
    });
  }

  #looksPersonal({ schema, name, columns }: TableState): Problem[] {
    const named = this.#plan.undeclared(schema, name);
    const seen = [...columns].flatMap(([column, { seen }]) => {
      const where = `${schema}.${name}.${column}`;
      const kinds = [...seen].map(([kind, count]) => `${kind} (${count} seen)`).join(', ');
      if (kinds === '' || named.some((problem) => problem.where === where)) return [];
      return [{ where, what: `has no masking rule, and holds what looks like: ${kinds}` }];
    });
    return [...named, ...seen];
  }

  #table({ schema, name }: Place, digest?: string): TableState {
    const key = keyOf({ schema, name });
    const known = this.#tables.get(key);
    if (known) return known;
    const state = {
      schema,
      name,
      columns: new Map(),
      original: digestLike(digest),
      masked: new RowDigest(),
    };
    this.#tables.set(key, state);
    return state;
  }

  #column(table: TableState, column: string): ColumnState {
    const known = table.columns.get(column);
    if (known) return known;
    const planned = this.#plan.table(table.schema, table.name).get(column);
    const state = { planned, sample: new ValueSample(), seen: new Map() };
    (table.columns as Map<string, ColumnState>).set(column, state);
    return state;
  }
}

function keyOf({ schema, name }: Place): string {
  return JSON.stringify([schema, name]);
}

/** Made as the digest that it will be compared with. */
function digestLike(digest: string | undefined): RowDigest {
  return new RowDigest(digest === undefined ? undefined : rowDigestAlgorithm(digest));
}

function isExamined(row: number): boolean {
  return row < firstRows || row % thenEvery === 0;
}

const tab = Buffer.from('\t');
const newline = Buffer.from('\n');

function maskRow(row: Buffer, states: readonly ColumnState[], examine: boolean): Buffer[] {
  // A row of a table without columns is empty.
  if (states.length === 0) return [row];
  return splitFields(row).flatMap((field, at) => {
    const state = states[at];
    const kept = state === undefined || isNullField(field);
    const masked = kept ? field : maskField(field, state, examine);
    return at === 0 ? [masked] : [tab, masked];
  });
}

function maskField(
  field: Buffer,
  { planned, sample, seen }: ColumnState,
  examine: boolean,
): Buffer {
  if (planned?.mask) {
    const text = fieldText(field);
    const masked = planned.mask(text);
    if (masked === text) return field;
    sample.add(text);
    return masked === undefined ? nullField : fieldOf(masked);
  }
  if (!planned && examine)
    for (const { kind } of findPersonal(fieldText(field)))
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
  return field;
}
