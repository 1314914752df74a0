import type { TupleValue } from './pgoutput-message.ts';

const blockBytes = 256 * 1024;
const pieceBytes = 32 * 1024;
const tab = 0x09;
const newline = 0x0a;
const carriageReturn = 0x0d;
const backslash = 0x5c;

/**
 * Writes rows in PostgreSQL's COPY text format (manual, COPY, "Text Format") from values that are
 * already text, byte by byte, so that their encoding never matters.
 */
export class CopyTextWriter {
  #full: Buffer[] = [];
  #block = Buffer.allocUnsafe(blockBytes);
  #used = 0;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** `unchanged` values have no place here: choose the columns first. */
  row(values: readonly TupleValue[], extra?: string): void {
    let separated = false;
    for (const value of values) {
      if (separated) this.#byte(tab);
      separated = true;
      if (value === undefined) throw new TypeError('an unchanged value cannot be copied');
      if (value === null) this.#null();
      else this.#text(value);
    }
    if (extra !== undefined) {
      if (separated) this.#byte(tab);
      this.#text(Buffer.from(extra));
    }
    this.#byte(newline);
    this.#rows++;
  }

  /** What was written so far, in blocks; the writer is empty afterwards. */
  take(): Buffer[] {
    const blocks = [...this.#full, this.#block.subarray(0, this.#used)];
    this.#full = [];
    this.#block = Buffer.allocUnsafe(blockBytes);
    this.#used = 0;
    this.#rows = 0;
    return blocks;
  }

  #text(value: Buffer): void {
    for (let start = 0; start < value.length; start += pieceBytes) {
      const end = Math.min(value.length, start + pieceBytes);
      this.#reserve(2 * (end - start));
      this.#escape(value, start, end);
    }
  }

  #escape(value: Buffer, start: number, end: number): void {
    const block = this.#block;
    let used = this.#used;
    for (let at = start; at < end; at++) {
      const byte = value[at] ?? 0;
      if (byte === backslash || byte === newline || byte === tab || byte === carriageReturn) {
        block[used++] = backslash;
        block[used++] = escapeLetters[byte] ?? byte;
      } else {
        block[used++] = byte;
      }
    }
    this.#used = used;
  }

  #null(): void {
    this.#byte(backslash);
    this.#byte(0x4e);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#block[this.#used++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#block.length) return;
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = Buffer.allocUnsafe(blockBytes);
    this.#used = 0;
  }
}

const escapeLetters: Readonly<Record<number, number>> = {
  [backslash]: backslash,
  [newline]: 0x6e,
  [tab]: 0x74,
  [carriageReturn]: 0x72,
};
