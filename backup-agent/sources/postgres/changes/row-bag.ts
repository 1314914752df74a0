import type { Tuple } from './pgoutput-message.ts';

export interface RowCount {
  readonly row: Tuple;
  readonly count: number;
}

/**
 * The net effect of changes to a table without a key, whose rows are told apart by nothing but their
 * values (REPLICA IDENTITY FULL): how many of each row are to go or to come.
 */
export class RowBag {
  readonly #counts = new Map<string, { readonly row: Tuple; count: number }>();

  get size(): number {
    return this.#counts.size;
  }

  add(row: Tuple): void {
    this.#change(row, 1);
  }

  remove(row: Tuple): void {
    this.#change(row, -1);
  }

  clear(): void {
    this.#counts.clear();
  }

  take(): { readonly removals: readonly RowCount[]; readonly additions: readonly RowCount[] } {
    const all = [...this.#counts.values()];
    this.#counts.clear();
    return {
      removals: all
        .filter(({ count }) => count < 0)
        .map(({ row, count }) => ({ row, count: -count })),
      additions: all.filter(({ count }) => count > 0),
    };
  }

  #change(row: Tuple, by: number): void {
    const text = rowText(row);
    const former = this.#counts.get(text);
    if (former === undefined) this.#counts.set(text, { row, count: by });
    else if (former.count + by === 0) this.#counts.delete(text);
    else former.count += by;
  }
}

function rowText(row: Tuple): string {
  let text = '';
  for (const value of row) text += value ? `${value.length}:${value.toString('latin1')}` : 'n';
  return text;
}
