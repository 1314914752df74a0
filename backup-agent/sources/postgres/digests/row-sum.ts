/** The sum of one hash over the rows of COPY text, in which the order of rows leaves no trace. */
export interface RowSum {
  /** How many rows have ended. */
  readonly rows: number;
  /** Whether the text so far ends inside a row. */
  readonly insideRow: boolean;
  /** Takes in the next piece of text; it may be written over afterwards. */
  update(chunk: Uint8Array): void;
  /** Adds what `sum()` gave for other rows. */
  add(sum: string, rows: number): void;
  /** Lower-case hex, always of the same length. */
  sum(): string;
}
