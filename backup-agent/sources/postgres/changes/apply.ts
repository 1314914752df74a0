import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { CopyTextWriter } from './copy-text.ts';
import type { NetEffect } from './net-changes.ts';
import type { Tuple } from './pgoutput-message.ts';
import type { RowCount } from './row-bag.ts';
import { quoteIdentifier } from './quote.ts';
import type { TargetColumn, TargetTable } from './target-table.ts';

/**
 * Applies net effects to one table: deletes, then updates, then inserts, each as one COPY and at most
 * one statement. Values pass through a temporary table of the target's own types, so every type's
 * own input function reads them. Every row must be found: `replay-mismatch` otherwise.
 */
export class TableApplier {
  readonly #client: ClientBase;
  readonly #table: TargetTable;
  readonly #stage: string;
  #staged = false;

  /** `stageName` must be this table's alone within the session. */
  constructor(client: ClientBase, table: TargetTable, stageName: string) {
    this.#client = client;
    this.#table = table;
    this.#stage = `pg_temp.${quoteIdentifier(stageName)}`;
  }

  async apply(effect: NetEffect): Promise<void> {
    await this.#delete(effect.deletes);
    for (const [mask, rows] of byMask(effect.updates)) await this.#update(mask, rows);
    await this.#insert(effect.inserts);
  }

  /** For tables without a key. */
  async applyBag(removals: readonly RowCount[], additions: readonly RowCount[]): Promise<void> {
    if (removals.length > 0) await this.#remove(removals);
    await this.#insert(
      additions.flatMap(({ row, count }) => Array.from({ length: count }, () => row)),
    );
  }

  /** Changes a row's key in place, when the message does not carry the whole row. */
  async changeKey(before: Tuple, row: Tuple): Promise<void> {
    const { columns, key, sqlName } = this.#table;
    await this.#needStage();
    const present = columns.filter((_, at) => row[at] !== undefined);
    const assignments = present.map((column) => `${column.sqlName} = s.${column.sqlName}`);
    const conditions = key.map((at, index) => {
      const column = columns[at];
      return `t.${column?.sqlName} ${column?.equals} k.k${index}`;
    });
    // Two rows of the stage: the new values, and the old key in the same columns.
    await this.#copy(this.#stage, present, [row.filter((value) => value !== undefined)], ['1']);
    const keyColumns = this.#keyColumns();
    await this.#copy(this.#stage, keyColumns, [key.map((at) => before[at])], ['2']);
    const oldKey = keyColumns.map((column, index) => `${column.sqlName} AS k${index}`).join(', ');
    await this.#expect(
      1,
      `UPDATE ONLY ${sqlName} t SET ${assignments.join(', ')} FROM ${this.#stage} s,
       (SELECT ${oldKey} FROM ${this.#stage} WHERE ${countColumn} = 2) k
       WHERE s.${countColumn} = 1 AND ${conditions.join(' AND ')}`,
      present,
    );
  }

  async #delete(keys: readonly Tuple[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#needStage();
    await this.#copy(this.#stage, this.#keyColumns(), keys);
    const { sqlName } = this.#table;
    await this.#expect(
      keys.length,
      `DELETE FROM ONLY ${sqlName} t USING ${this.#stage} s WHERE ${this.#sameKey()}`,
    );
  }

  async #update(mask: readonly number[], rows: readonly Tuple[]): Promise<void> {
    await this.#needStage();
    const { columns, key, sqlName } = this.#table;
    const present = mask.flatMap((at) => columns[at] ?? []);
    const values = rows.map((row) => mask.map((at) => row[at]));
    await this.#copy(this.#stage, present, values);
    const changed = mask.filter((at) => !key.includes(at)).flatMap((at) => columns[at] ?? []);
    // A table of key columns alone: nothing can change, but the rows must be there.
    const targets = changed.length > 0 ? changed : this.#keyColumns();
    const assignments = targets.map((column) => `${column.sqlName} = s.${column.sqlName}`);
    await this.#expect(
      rows.length,
      `UPDATE ONLY ${sqlName} t SET ${assignments.join(', ')}
       FROM ${this.#stage} s WHERE ${this.#sameKey()}`,
      targets,
    );
  }

  async #insert(rows: readonly Tuple[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#copy(this.#table.sqlName, this.#table.columns, rows);
  }

  /** Equal rows are numbered on both sides, and as many go as the changes say. */
  async #remove(removals: readonly RowCount[]): Promise<void> {
    await this.#needStage();
    const { columns, sqlName } = this.#table;
    const rows = removals.map(({ row }) => row);
    const counts = removals.map(({ count }) => String(count));
    await this.#copy(this.#stage, columns, rows, counts);
    const text = (alias: string) =>
      `ROW(${columns.map((column) => `${alias}.${column.sqlName}::text`).join(', ')})::text`;
    const total = removals.reduce((sum, { count }) => sum + count, 0);
    await this.#client.query('SET LOCAL enable_hashjoin = on');
    await this.#expect(
      total,
      `DELETE FROM ONLY ${sqlName} WHERE ctid IN (
         SELECT n.id FROM (
           SELECT t.ctid AS id, ${text('t')} AS content,
                  row_number() OVER (PARTITION BY ${text('t')}) AS number
           FROM ONLY ${sqlName} t
         ) n JOIN (SELECT ${text('s')} AS content, ${countColumn} AS number
                   FROM ${this.#stage} s) s
         ON s.content = n.content AND n.number <= s.number)`,
    );
    await this.#client.query('SET LOCAL enable_hashjoin = off');
  }

  /** Runs the statement, which must touch as many rows as are meant, and empties the stage. */
  async #expect(rows: number, sql: string, assigned: readonly TargetColumn[] = []): Promise<void> {
    const { sqlName } = this.#table;
    const always = assigned.filter((column) => column.alwaysIdentity);
    await this.#setIdentity(always, 'BY DEFAULT');
    const result = await this.#client.query(sql);
    await this.#setIdentity(always, 'ALWAYS');
    if (result.rowCount !== rows) {
      throw new HoldfastError(
        'replay-mismatch',
        `${sqlName}: changes to ${rows} rows found ${result.rowCount} of them`,
      );
    }
    await this.#client.query(`TRUNCATE ${this.#stage}`);
  }

  /** PostgreSQL refuses to update such a column; within our transaction it is an ordinary one. */
  async #setIdentity(columns: readonly TargetColumn[], mode: string): Promise<void> {
    for (const column of columns) {
      await this.#client.query(
        `ALTER TABLE ${this.#table.sqlName} ALTER COLUMN ${column.sqlName} SET GENERATED ${mode}`,
      );
    }
  }

  async #copy(
    into: string,
    columns: readonly TargetColumn[],
    rows: readonly Tuple[],
    counts?: readonly string[],
  ): Promise<void> {
    const writer = new CopyTextWriter();
    for (const [index, row] of rows.entries()) writer.row(row, counts?.[index]);
    const names = columns.map((column) => column.sqlName);
    if (counts !== undefined) names.push(countColumn);
    const sink = this.#client.query(copyFrom(`COPY ${into} (${names.join(', ')}) FROM STDIN`));
    await pipeline(Readable.from(writer.take()), sink);
  }

  async #needStage(): Promise<void> {
    if (this.#staged) return;
    const names = this.#table.columns.map((column) => column.sqlName).join(', ');
    await this.#client.query(
      `CREATE TEMP TABLE ${this.#stage.slice('pg_temp.'.length)} AS
       SELECT ${names}, 0::bigint AS ${countColumn} FROM ONLY ${this.#table.sqlName} WITH NO DATA`,
    );
    this.#staged = true;
  }

  #keyColumns(): TargetColumn[] {
    return this.#table.key.flatMap((at) => this.#table.columns[at] ?? []);
  }

  #sameKey(): string {
    return this.#keyColumns()
      .map((column) => `t.${column.sqlName} ${column.equals} s.${column.sqlName}`)
      .join(' AND ');
  }
}

/** In the staging table, beside the target's columns. */
const countColumn = '"holdfast count"';

/** Groups rows by the columns that they carry. */
function byMask(rows: readonly Tuple[]): Map<readonly number[], Tuple[]> {
  const masks = new Map<string, { readonly columns: readonly number[]; readonly rows: Tuple[] }>();
  for (const row of rows) {
    const name = row.includes(undefined)
      ? row.map((value) => (value === undefined ? '-' : '+')).join('')
      : 'all';
    let group = masks.get(name);
    if (group === undefined) {
      const columns = row.flatMap((value, at) => (value === undefined ? [] : [at]));
      group = { columns, rows: [] };
      masks.set(name, group);
    }
    group.rows.push(row);
  }
  return new Map([...masks.values()].map(({ columns, rows }) => [columns, rows]));
}
