import type { Connection, Submittable } from 'pg';
import { blockBytes } from '../../stream/coalesce.ts';
import { donate } from '../../stream/donated.ts';
import { release, takeBlock } from '../../stream/release.ts';

/** First bytes of messages: "Message Formats" in PostgreSQL's manual. */
const copyData = 0x64;
const copyDone = 0x63;
const errorResponse = 0x45;
/** A type of one byte, and a length that counts itself. */
const headerBytes = 5;

/** A small table needs no more. */
const firstBlockBytes = 64 * 1024;
/** While the reader compresses and stores, the server goes on with so many blocks. */
const blocksAhead = 2;

type Listener = (chunk: Buffer) => void;

/**
 * A COPY … TO STDOUT that reads its rows off the socket by itself. PostgreSQL sends a message for
 * each row; as long as rows come, the driver's parser is set aside, for it makes objects of each, and
 * so does `pg-copy-streams`: this takes half of its time. Whatever is no row, goes to that parser.
 */
export class CopyOutQuery implements Submittable {
  readonly #text: string;
  readonly #ready: Uint8Array<ArrayBuffer>[] = [];
  #block: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  /** Bytes of the row under way that are still to come. */
  #left = 0;
  /** The beginning of a message whose header, or whose whole, is still to come. */
  #carry: Buffer | undefined;
  #connection: Connection | undefined;
  #parser: Listener | undefined;
  #end: 'ready' | { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * The text in blocks of a MiB, which are the reader's own. Whoever leaves early breaks the
   * connection: COPY has no way back.
   */
  async *blocks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      for (;;) {
        const block = this.#ready.shift();
        if (block) {
          this.#connection?.stream.resume();
          yield block.length === block.buffer.byteLength ? donate(block) : block;
        } else if (this.#end === undefined) await this.#change();
        else if (this.#end === 'ready') return;
        else throw this.#end.error;
      }
    } finally {
      if (this.#end === undefined) this.#connection?.stream.destroy();
    }
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    const [parser] = stream.listeners('data');
    if (parser === undefined) throw new TypeError('the driver does not listen to its socket');
    this.#parser = parser as Listener; // what node types as any function listens to data
    stream.off('data', this.#parser);
    stream.on('data', this.#read);
    connection.query(this.#text);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (this.#block && this.#used > 0) this.#ready.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
    this.#finish('ready');
  }

  /** Called by the driver for the server's errors and for a connection that broke. */
  handleError(error: unknown): void {
    this.#handBack();
    this.#ready.length = 0;
    this.#finish({ error });
  }

  #finish(end: 'ready' | { readonly error: unknown }): void {
    this.#end ??= end;
    this.#changed.resolve();
  }

  #change(): Promise<void> {
    this.#changed = Promise.withResolvers();
    return this.#changed.promise;
  }

  readonly #read = (chunk: Buffer<ArrayBuffer>): void => {
    const bytes = this.#carry ? Buffer.concat([this.#carry, chunk]) : chunk;
    this.#carry = undefined;
    if (this.#takeIn(bytes) && chunk.length === chunk.buffer.byteLength) release(chunk);
    if (this.#parser && this.#ready.length >= blocksAhead) this.#connection?.stream.pause();
    if (this.#ready.length > 0) this.#changed.resolve();
  };

  /** Whether nothing of the bytes is needed any more. */
  #takeIn(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) at = this.#takePart(bytes, at);
      else at = this.#takeRows(bytes, at);
      if (at === bytes.length) return true;
      if (this.#left > 0) continue;
      const size = bytes.length - at < headerBytes ? undefined : 1 + bytes.readUInt32BE(at + 1);
      if (bytes[at] === copyData && size !== undefined) {
        this.#left = size - headerBytes;
        at += headerBytes;
      } else if (size === undefined || size > bytes.length - at) {
        this.#carry = bytes.subarray(at);
        return false;
      } else {
        const parser = this.#parser;
        const last = bytes[at] === copyDone || bytes[at] === errorResponse;
        if (last) this.#handBack();
        parser?.(last ? bytes.subarray(at) : bytes.subarray(at, at + size));
        if (last) return false;
        at += size;
      }
    }
    return true;
  }

  /** Rows that are there as a whole and fit the block; all but a few are. Returns where they end. */
  #takeRows(bytes: Buffer, from: number): number {
    const block = (this.#block ??= Buffer.allocUnsafeSlow(firstBlockBytes));
    let at = from;
    while (at + headerBytes <= bytes.length && bytes[at] === copyData) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      const row = at + headerBytes;
      if (end > bytes.length || end - row > block.length - this.#used) break;
      bytes.copy(block, this.#used, row, end);
      this.#used += end - row;
      at = end;
    }
    return at;
  }

  /** As much of the row under way as is there and fits. */
  #takePart(bytes: Buffer, at: number): number {
    const block = this.#roomy();
    const size = Math.min(this.#left, bytes.length - at, block.length - this.#used);
    bytes.copy(block, this.#used, at, at + size);
    this.#used += size;
    this.#left -= size;
    return at + size;
  }

  /** The block under way, with room for at least a byte. */
  #roomy(): Buffer<ArrayBuffer> {
    const block = (this.#block ??= Buffer.allocUnsafeSlow(firstBlockBytes));
    if (this.#used < block.length) return block;
    this.#block = takeBlock(blockBytes);
    if (block.length < blockBytes) this.#block.set(block);
    else {
      this.#ready.push(block);
      this.#used = 0;
    }
    return this.#block;
  }

  /** The socket is the driver's again. */
  #handBack(): void {
    const { stream } = this.#connection ?? {};
    if (stream === undefined || this.#parser === undefined) return;
    stream.off('data', this.#read);
    stream.on('data', this.#parser);
    this.#parser = undefined;
  }
}
