import { HoldfastError } from '../../../errors/holdfast-error.ts';

/**
 * The stored form of changes is PostgreSQL's own binary COPY format (manual, COPY, "Binary Format")
 * of two columns, `lsn pg_lsn, data bytea`: so `COPY t FROM … (FORMAT binary)` reads it too.
 */
const signature = Buffer.from('PGCOPY\n\u00ff\r\n\0', 'latin1');
const headerBytes = signature.length + 8;
/** Field count, length and value of the LSN, length of the data. */
const recordHeadBytes = 2 + 4 + 8 + 4;
const trailer = -1;
/** PostgreSQL's own limit for one value (MaxAllocSize). */
const longestRecord = 2 ** 30;

/** Is shown a message, or its beginning, where it stands. */
type SeeMessage = (bytes: Buffer, start: number, end: number) => void;

/**
 * Cuts a binary COPY stream of changes into pgoutput messages, from chunks of any size. Give it
 * `keepBytes` to see only the start of longer messages, so that a huge value takes no memory.
 */
export class ChangeStreamReader {
  readonly #keepBytes: number;
  #state: 'header' | 'record' | 'data' | 'finished' = 'header';
  #carried: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #kept = 0;
  #missing = 0;

  constructor(options: { readonly keepBytes?: number } = {}) {
    this.#keepBytes = options.keepBytes ?? longestRecord;
  }

  /** The messages that end in this chunk; views into it where that is possible. */
  push(chunk: Uint8Array): Buffer[] {
    const messages: Buffer[] = [];
    this.visit(chunk, (bytes, start, end) => messages.push(bytes.subarray(start, end)));
    return messages;
  }

  /** The same without a view of each. What `see` is shown, it must not keep. Of the chunk nothing stays. */
  visit(chunk: Uint8Array, see: SeeMessage): void {
    let bytes = asBuffer(chunk);
    if (this.#carried.length > 0) {
      bytes = Buffer.concat([this.#carried, bytes]);
      this.#carried = Buffer.alloc(0);
    }
    let at = 0;
    for (;;) {
      const next = this.#step(bytes, at, see);
      if (next === undefined) break;
      at = next;
    }
  }

  /** The stream is over; throws `document-malformed` when it was cut. */
  end(): void {
    if (this.#state !== 'finished') throw malformed('the stream ends too early');
  }

  /** Takes one step from `at`; the new position, or undefined when the chunk is used up. */
  #step(bytes: Buffer, at: number, see: SeeMessage): number | undefined {
    if (this.#state === 'header') return this.#header(bytes, at);
    if (this.#state === 'record') return this.#record(bytes, at, see);
    if (this.#state === 'data') return this.#data(bytes, at, see);
    if (at < bytes.length) throw malformed('bytes after the end');
    return undefined;
  }

  #header(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < headerBytes) return this.#carry(bytes, at);
    if (!bytes.subarray(at, at + signature.length).equals(signature)) {
      throw malformed('the signature of a binary COPY stream is missing');
    }
    if (bytes.readUInt32BE(at + signature.length) !== 0) throw malformed('unknown flags');
    if (bytes.readUInt32BE(at + signature.length + 4) !== 0) throw malformed('a header extension');
    this.#state = 'record';
    return at + headerBytes;
  }

  #record(bytes: Buffer, at: number, see: SeeMessage): number | undefined {
    const left = bytes.length - at;
    if (left >= 2 && bytes.readInt16BE(at) === trailer) {
      this.#state = 'finished';
      return at + 2;
    }
    if (left < recordHeadBytes) return this.#carry(bytes, at);
    if (bytes.readInt16BE(at) !== 2) throw malformed('a record without exactly two fields');
    if (bytes.readInt32BE(at + 2) !== 8) throw malformed('an LSN that has not eight bytes');
    const length = bytes.readInt32BE(at + 14);
    if (length < 1 || length > longestRecord) throw malformed(`a record of ${length} bytes`);
    const start = at + recordHeadBytes;
    if (start + length <= bytes.length) {
      see(bytes, start, start + Math.min(length, this.#keepBytes));
      return start + length;
    }
    this.#missing = length;
    this.#state = 'data';
    return start;
  }

  #data(bytes: Buffer, at: number, see: SeeMessage): number | undefined {
    const taken = Math.min(bytes.length - at, this.#missing);
    const kept = Math.min(taken, this.#keepBytes - this.#kept);
    if (kept > 0) this.#parts.push(Buffer.from(bytes.subarray(at, at + kept)));
    this.#kept += kept;
    this.#missing -= taken;
    if (this.#missing > 0) return undefined;
    see(Buffer.concat(this.#parts, this.#kept), 0, this.#kept);
    this.#parts = [];
    this.#kept = 0;
    this.#state = 'record';
    return at + taken;
  }

  #carry(bytes: Buffer, at: number): undefined {
    this.#carried = Buffer.from(bytes.subarray(at));
    return undefined;
  }
}

/** All messages of a stored stream, in groups as the chunks bring them. */
export async function* readChangeStream(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Buffer[], void, undefined> {
  const reader = new ChangeStreamReader();
  for await (const chunk of chunks) {
    const messages = reader.push(chunk);
    if (messages.length > 0) yield messages;
  }
  reader.end();
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk)
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function malformed(what: string): HoldfastError {
  return new HoldfastError('document-malformed', `stored changes: ${what}`);
}
