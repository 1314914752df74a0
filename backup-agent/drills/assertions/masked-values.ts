import type { Client } from 'pg';
import {
  fieldText,
  isNullField,
  rowsIn,
  splitFields,
  wholeRows,
} from '../../privacy/copy-fields.ts';
import { findPersonal } from '../../privacy/detectors/detectors.ts';
import { copyOut } from '../../sources/postgres/copy-out.ts';
import type { MaskedColumn, MaskingReport } from '../../sources/postgres/restore/restore-mask.ts';
import type { Comparison } from '../assertion.ts';
import type { ExpectedTable } from '../expected-tables.ts';

/** What was read from the backup and masked is what was backed up. */
export function* compareMaskedStream(
  { tables }: MaskingReport,
  expected: readonly ExpectedTable[],
): Generator<Comparison> {
  for (const { schema, name, digest } of expected) {
    const masked = tables.find((table) => table.schema === schema && table.name === name);
    if (digest === undefined || !masked) continue;
    const same = masked.original.digest === digest;
    yield {
      subject: `${schema}.${name}`,
      outcome: same ? 'passed' : 'failed',
      what: same ? 'read as it was backed up' : 'what was masked is not what was backed up',
    };
  }
}

/** The tables as they must be after masking: what went to the target, by its digest. */
export function maskedExpectation(
  { tables }: MaskingReport,
  expected: readonly ExpectedTable[],
): ExpectedTable[] {
  return expected.map((table) => {
    const masked = tables.find(
      ({ schema, name }) => schema === table.schema && name === table.name,
    );
    if (table.digest === undefined || !masked) return table;
    return { ...table, digest: masked.masked.digest };
  });
}

/** What masking does not reach: columns without a rule that look personal, and large objects. */
export function* compareUnmasked(
  { undeclared, largeObjects }: MaskingReport,
  largeObjectCount: number,
): Generator<Comparison> {
  for (const { where, what } of undeclared) yield { subject: where, outcome: 'unproven', what };
  if (largeObjectCount > 0 && largeObjects === 'keep')
    yield { subject: 'large objects', outcome: 'unproven', what: 'were restored as they are' };
}

/** Rules under which a masked value may be another row's original by chance. */
function mayCoincide({ planned: { rule, type } }: MaskedColumn): boolean {
  if (rule === 'hash') return type.kind === 'integer';
  return (
    typeof rule === 'object' && rule !== null && ('shiftDays' in rule || 'noisePercent' in rule)
  );
}

function isPseudonym({ planned: { rule } }: MaskedColumn): boolean {
  return typeof rule === 'object' && rule !== null && 'pseudonym' in rule;
}

/** Whether texts may stay in the column that look personal. */
function keepsTexts({ planned: { rule } }: MaskedColumn): boolean {
  return typeof rule === 'object' && rule !== null && 'json' in rule && rule.json.others === 'keep';
}

interface Search {
  /** Values that must be nowhere in the database, and the column they come from. */
  readonly anywhere: ReadonlyMap<string, string>;
  readonly masked: ReadonlyMap<string, MaskedColumn>;
}

/**
 * Reads every table and looks for what must not be there: in a masked column one of its original
 * values, or anything that looks personal; in any column an original that was given a pseudonym,
 * alone or as an address, number or id within a text. One comparison for each masked column, and one
 * for each other column in which an original was found.
 */
export async function* findSurvivors(
  client: Client,
  { columns }: MaskingReport,
  expected: readonly ExpectedTable[],
): AsyncGenerator<Comparison> {
  const search = prepare(columns);
  for (const table of expected) {
    const findings = await searchTable(client, table, search);
    for (const column of table.columns) {
      const subject = `${table.schema}.${table.name}.${column}`;
      const found = findings.get(column);
      if (found) yield { subject, outcome: 'failed', what: found };
      else if (search.masked.has(subject))
        yield { subject, outcome: 'passed', what: 'no original value was found' };
    }
  }
}

function prepare(columns: readonly MaskedColumn[]): Search {
  const anywhere = new Map<string, string>();
  const masked = new Map<string, MaskedColumn>();
  for (const column of columns) {
    const where = `${column.schema}.${column.table}.${column.column}`;
    if (!mayCoincide(column)) masked.set(where, column);
    for (const original of column.originals) {
      if (isPseudonym(column) && !column.planned.type.isArray) anywhere.set(original, where);
      if (!keepsTexts(column))
        for (const { text } of findPersonal(original)) anywhere.set(text, where);
    }
  }
  return { anywhere, masked };
}

async function searchTable(
  client: Client,
  table: ExpectedTable,
  { anywhere, masked }: Search,
): Promise<ReadonlyMap<string, string>> {
  const findings = new Map<string, string>();
  const ofColumn = table.columns.map((column) =>
    masked.get(`${table.schema}.${table.name}.${column}`),
  );
  for await (const block of wholeRows(copyOut(client, table)))
    for (const row of rowsIn(block))
      for (const [at, field] of splitFields(row).entries()) {
        const column = table.columns[at];
        if (column === undefined || findings.has(column) || isNullField(field)) continue;
        const found = judge(fieldText(field), ofColumn[at], anywhere);
        if (found !== undefined) findings.set(column, found);
      }
  return findings;
}

function judge(
  text: string,
  column: MaskedColumn | undefined,
  anywhere: ReadonlyMap<string, string>,
): string | undefined {
  if (column?.originals.has(text)) return 'holds an original value';
  const whole = anywhere.get(text);
  if (whole !== undefined) return `holds an original value of ${whole}`;
  for (const { kind, text: part } of findPersonal(text)) {
    const source = anywhere.get(part);
    if (source !== undefined) return `holds an original value of ${source}`;
    if (column && !keepsTexts(column)) return `holds what looks like an original: ${kind}`;
  }
  return undefined;
}
