const typeBytes = 1;
const lengthBytes = 4;

/**
 * Counts messages of some types in a stream of PostgreSQL's protocol, cut anywhere, in either
 * direction: after the start of a session every message is a type, a length and a body.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class MessageCounter {
  readonly #types: ReadonlySet<number>;
  #head: Buffer = Buffer.alloc(0);
  /** Bytes of the present message that are still to come. */
  #left = 0;

  constructor(types: string) {
    this.#types = new Set(Buffer.from(types, 'latin1'));
  }

  /** How many of these messages end in this chunk or have ended in their first bytes. */
  count(chunk: Uint8Array): number {
    let found = 0;
    let rest = Buffer.concat([this.#head, chunk]);
    this.#head = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#left -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      if (rest.length < typeBytes + lengthBytes) {
        this.#head = rest;
        break;
      }
      if (this.#types.has(rest.readUInt8(0))) found += 1;
      this.#left = rest.readUInt32BE(typeBytes) - lengthBytes;
      rest = rest.subarray(typeBytes + lengthBytes);
    }
    return found;
  }
}
