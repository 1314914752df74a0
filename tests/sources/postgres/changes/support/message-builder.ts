/** Writes pgoutput messages field by field, for tests. */
export class MessageBuilder {
  readonly #parts: Buffer[];

  constructor(type: string) {
    this.#parts = [Buffer.from(type)];
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  int8(value: number): this {
    return this.#add(Buffer.from([value]));
  }

  int16(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(value);
    return this.#add(bytes);
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value >>> 0);
    return this.#add(bytes);
  }

  int64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return this.#add(bytes);
  }

  letter(value: string): this {
    return this.raw(value);
  }

  text(value: string): this {
    return this.raw(value).int8(0);
  }

  raw(value: string): this {
    return this.#add(Buffer.from(value));
  }

  tuple(values: readonly (string | null | undefined)[]): this {
    this.int16(values.length);
    for (const value of values) {
      if (value === null) this.letter('n');
      else if (value === undefined) this.letter('u');
      else this.letter('t').int32(Buffer.byteLength(value)).raw(value);
    }
    return this;
  }

  #add(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }
}

/** Messages as the binary COPY stream that holds them in storage. */
export function storedStream(messages: readonly Buffer[]): Buffer {
  const records = messages.map((message) => {
    const head = Buffer.alloc(18);
    head.writeInt16BE(2, 0);
    head.writeInt32BE(8, 2);
    head.writeInt32BE(message.length, 14);
    return Buffer.concat([head, message]);
  });
  const start = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
  return Buffer.concat([start, ...records, Buffer.from([0xff, 0xff])]);
}
