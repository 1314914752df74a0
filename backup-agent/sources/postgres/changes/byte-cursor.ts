import { HoldfastError } from '../../../errors/holdfast-error.ts';

/**
 * Reads big-endian fields one after another and never past the end: every shortfall is
 * `document-malformed`, whatever the bytes say.
 */
export class ByteCursor {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** `what` names the thing read, for messages. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  malformed(what: string): HoldfastError {
    return new HoldfastError('document-malformed', `${this.#what}: ${what}`);
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    if (length < 0) throw this.malformed(`a length of ${length}`);
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** UTF-8 up to the next zero byte. */
  cString(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw this.malformed('a string without an end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** Nothing may be left over. */
  finish(): void {
    if (this.remaining > 0) throw this.malformed(`${this.remaining} bytes too many`);
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw this.malformed(`needs ${length} bytes where ${this.remaining} are left`);
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
