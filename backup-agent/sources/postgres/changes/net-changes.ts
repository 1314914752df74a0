import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { Tuple, TupleValue } from './pgoutput-message.ts';

type Values = TupleValue[];

/** `replace`: the row existed, was deleted, and one of the same key was inserted. */
interface NetChange {
  kind: 'insert' | 'update' | 'delete' | 'replace';
  readonly key: Tuple;
  values: Values;
}

interface RowKey {
  readonly key: Tuple;
  readonly text: string;
}

/** What remains to be done for a table, in this order: deletes, updates, inserts. */
export interface NetEffect {
  /** Key values alone. */
  readonly deletes: readonly Tuple[];
  /** Whole rows, where some values may be `unchanged`. */
  readonly updates: readonly Tuple[];
  readonly inserts: readonly Tuple[];
}

/**
 * The net effect of many changes to the rows of one table, by key: each row is touched once,
 * however often it changed. Changes must come in commit order; one that cannot follow the other
 * (an insert of a row that exists, an update of one that was deleted) is `replay-mismatch`.
 */
export class NetChanges {
  readonly #keyColumns: readonly number[];
  readonly #byKey = new Map<string, NetChange>();

  /** `keyColumns` are positions in the rows. */
  constructor(keyColumns: readonly number[]) {
    this.#keyColumns = keyColumns;
  }

  get size(): number {
    return this.#byKey.size;
  }

  insert(row: Tuple): void {
    const { key, text } = this.#keyOf(row);
    const former = this.#byKey.get(text);
    if (former === undefined) {
      this.#byKey.set(text, { kind: 'insert', key, values: [...row] });
    } else if (former.kind === 'delete') {
      former.kind = 'replace';
      former.values = [...row];
    } else {
      throw mismatch('a row is inserted that is there already');
    }
  }

  delete(row: Tuple): void {
    const { key, text } = this.#keyOf(row);
    const former = this.#byKey.get(text);
    if (former?.kind === 'insert') this.#byKey.delete(text);
    else if (former?.kind === 'delete') throw mismatch('a row is deleted twice');
    else this.#byKey.set(text, { kind: 'delete', key, values: [] });
  }

  /**
   * `before` has the old key where the update may have changed it. Returns false, and does nothing,
   * for an update of the key that leaves values out: the row must be changed in place, after
   * everything before it has been applied.
   */
  update(before: Tuple | undefined, row: Tuple): boolean {
    const complete = before === undefined ? row : fillKey(row, before, this.#keyColumns);
    const { key, text } = this.#keyOf(complete);
    const old = before === undefined ? undefined : this.#keyOf(before);
    if (old !== undefined && old.text !== text) return this.#changeKey(old, complete);
    const former = this.#byKey.get(text);
    if (former === undefined) {
      this.#byKey.set(text, { kind: 'update', key, values: [...complete] });
    } else if (former.kind === 'delete') {
      throw mismatch('a row is updated that was deleted');
    } else {
      former.values = merge(former.values, complete);
    }
    return true;
  }

  /** Forgets everything: the table was truncated. */
  clear(): void {
    this.#byKey.clear();
  }

  take(): NetEffect {
    const deletes: Tuple[] = [];
    const updates: Tuple[] = [];
    const inserts: Tuple[] = [];
    for (const change of this.#byKey.values()) {
      if (change.kind === 'delete' || change.kind === 'replace') deletes.push(change.key);
      if (change.kind === 'update') updates.push(change.values);
      if (change.kind === 'insert' || change.kind === 'replace') inserts.push(change.values);
    }
    this.#byKey.clear();
    return { deletes, updates, inserts };
  }

  #changeKey(old: RowKey, row: Tuple): boolean {
    const former = this.#byKey.get(old.text);
    if (former?.kind === 'delete') throw mismatch('a row is updated that was deleted');
    const values = former === undefined ? row : merge(former.values, row);
    if (values.includes(undefined)) return false;
    if (former?.kind === 'insert') this.#byKey.delete(old.text);
    else this.#byKey.set(old.text, { kind: 'delete', key: old.key, values: [] });
    this.insert(values);
    return true;
  }

  #keyOf(row: Tuple): RowKey {
    const key = this.#keyColumns.map((column) => row[column]);
    let text = '';
    for (const value of key) {
      if (!value) throw mismatch('a change without its key');
      text += `${value.length}:${value.toString('latin1')}`;
    }
    return { key, text };
  }
}

/** An out-of-line key that stayed as it was comes only with the old row. */
function fillKey(row: Tuple, before: Tuple, keyColumns: readonly number[]): Tuple {
  if (keyColumns.every((column) => row[column] !== undefined)) return row;
  return row.map((value, column) =>
    value === undefined && keyColumns.includes(column) ? before[column] : value,
  );
}

function merge(former: Tuple, latter: Tuple): Values {
  return latter.map((value, column) => (value === undefined ? former[column] : value));
}

function mismatch(what: string): HoldfastError {
  return new HoldfastError('replay-mismatch', `stored changes contradict themselves: ${what}`);
}
