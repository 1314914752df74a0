import type { ClientBase } from 'pg';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { TableApplier } from './apply.ts';
import { NetChanges } from './net-changes.ts';
import type { DeleteMessage, InsertMessage, Tuple, UpdateMessage } from './pgoutput-message.ts';
import { RowBag } from './row-bag.ts';
import type { TargetTable } from './target-table.ts';

/** Collects the changes of one table until `flush` applies their net effect. */
export class TableChanges {
  readonly #table: TargetTable;
  readonly #applier: TableApplier;
  readonly #byKey: NetChanges;
  readonly #bag = new RowBag();
  readonly #mask: ((row: Tuple) => Tuple) | undefined;

  constructor(
    client: ClientBase,
    table: TargetTable,
    stageName: string,
    mask?: (row: Tuple) => Tuple,
  ) {
    this.#table = table;
    this.#mask = mask;
    this.#applier = new TableApplier(client, table, stageName);
    this.#byKey = new NetChanges(table.key);
  }

  get sqlName(): string {
    return this.#table.sqlName;
  }

  insert(message: InsertMessage): void {
    const row = this.#pick(message.row);
    if (this.#keyed) this.#byKey.insert(row);
    else this.#bag.add(row);
  }

  delete(message: DeleteMessage): void {
    const before = message.key ?? message.old;
    if (before === undefined) throw this.#mismatch('a delete without its row');
    const row = this.#pick(before);
    if (this.#keyed) this.#byKey.delete(row);
    else this.#bag.remove(row);
  }

  /** May apply what was collected, when a key changes and the message leaves out a value. */
  async update(message: UpdateMessage): Promise<void> {
    const old = message.old === undefined ? undefined : this.#pick(message.old);
    const before = old ?? (message.key === undefined ? undefined : this.#pick(message.key));
    const row = fillFrom(old, this.#pick(message.row));
    if (!this.#keyed) {
      if (old === undefined) throw this.#mismatch('an update without its old row');
      this.#bag.remove(old);
      this.#bag.add(row);
      return;
    }
    if (this.#byKey.update(before, row) || before === undefined) return;
    await this.flush();
    await this.#applier.changeKey(before, row);
  }

  /** What was collected does not matter any more: the table is truncated. */
  clear(): void {
    this.#byKey.clear();
    this.#bag.clear();
  }

  async flush(): Promise<void> {
    if (this.#byKey.size > 0) await this.#applier.apply(this.#byKey.take());
    if (this.#bag.size > 0) {
      const { removals, additions } = this.#bag.take();
      await this.#applier.applyBag(removals, additions);
    }
  }

  get #keyed(): boolean {
    return this.#table.key.length > 0;
  }

  /** The columns that the restored table has, masked where that was asked. */
  #pick(row: Tuple): Tuple {
    const picked = this.#table.columns.map(({ source }) => {
      if (source >= row.length) throw this.#mismatch('a row with too few columns');
      return row[source];
    });
    return this.#mask ? this.#mask(picked) : picked;
  }

  #mismatch(what: string): HoldfastError {
    return new HoldfastError('replay-mismatch', `${this.#table.sqlName}: ${what}`);
  }
}

/** Under REPLICA IDENTITY FULL the old row carries what the new one leaves out. */
function fillFrom(old: Tuple | undefined, row: Tuple): Tuple {
  if (old === undefined || !row.includes(undefined)) return row;
  return row.map((value, column) => (value === undefined ? old[column] : value));
}
