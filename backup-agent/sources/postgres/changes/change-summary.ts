import { ChangeStreamReader } from './change-stream.ts';
import type { Lsn } from './lsn.ts';
import { decodeMessage, messageTypes } from './pgoutput.ts';
import type { BeginMessage } from './pgoutput-message.ts';

/** The prefix under which `holdfast mark` writes into the log with `pg_logical_emit_message`. */
export const markerPrefix = 'holdfast';

/** Names are short, tables have at most 1600 columns: this holds every message but row data. */
const keepBytes = 256 * 1024;

const rowChanges: ReadonlySet<number> = new Set([
  messageTypes.insert,
  messageTypes.update,
  messageTypes.delete,
]);

/** A named moment in the stream. */
export interface Marker {
  readonly name: string;
  readonly commitLsn: Lsn;
  readonly commitTimeUs: bigint;
}

export interface ChangeSummary {
  readonly transactions: number;
  readonly changes: number;
  /** Changes per table, by its OID in the source. */
  readonly changesByTable: ReadonlyMap<number, number>;
  /** Rows deleted from the table that lost the most. */
  readonly mostDeleted: number;
  /** Tables that were truncated. */
  readonly truncated: ReadonlySet<number>;
  readonly markers: readonly Marker[];
  readonly first: BeginMessage | undefined;
  readonly last: BeginMessage | undefined;
  readonly latestUs: bigint | undefined;
}

/**
 * Watches a stream of changes pass on its way to storage and sums it up, without holding row data:
 * only the start of each message is looked at.
 */
export class ChangeWatcher {
  readonly #reader = new ChangeStreamReader({ keepBytes });
  readonly #changesByTable = new Map<number, number>();
  readonly #deletedByTable = new Map<number, number>();
  readonly #truncated = new Set<number>();
  readonly #markers: Marker[] = [];
  #transactions = 0;
  #changes = 0;
  #first: BeginMessage | undefined;
  #last: BeginMessage | undefined;
  #latestUs: bigint | undefined;

  /** Passes the chunks on unchanged; throws `document-malformed` if the stream makes no sense. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.#reader.visit(chunk, this.#see);
      yield chunk;
    }
    this.#reader.end();
  }

  summary(): ChangeSummary {
    return {
      transactions: this.#transactions,
      changes: this.#changes,
      changesByTable: this.#changesByTable,
      mostDeleted: Math.max(0, ...this.#deletedByTable.values()),
      truncated: this.#truncated,
      markers: this.#markers,
      first: this.#first,
      last: this.#last,
      latestUs: this.#latestUs,
    };
  }

  readonly #see = (bytes: Buffer, start: number, end: number): void => {
    const type = bytes[start];
    if (type === undefined || end - start < 5) return;
    if (rowChanges.has(type)) this.#count(bytes.readUInt32BE(start + 1), type);
    else if (type === messageTypes.message) this.#mark(bytes.subarray(start, end));
    else if (type === messageTypes.begin || type === messageTypes.truncate)
      this.#decode(bytes.subarray(start, end));
  };

  #count(table: number, type: number): void {
    this.#changes++;
    if (type === messageTypes.delete)
      this.#deletedByTable.set(table, (this.#deletedByTable.get(table) ?? 0) + 1);
    this.#changesByTable.set(table, (this.#changesByTable.get(table) ?? 0) + 1);
  }

  #decode(bytes: Buffer): void {
    const message = decodeMessage(bytes);
    if (message.type === 'begin') {
      this.#transactions++;
      this.#first ??= message;
      this.#last = message;
      const latest = this.#latestUs;
      if (latest === undefined || message.commitTimeUs > latest) {
        this.#latestUs = message.commitTimeUs;
      }
    }
    if (message.type === 'truncate') {
      this.#changes++;
      for (const table of message.relations) this.#truncated.add(table);
    }
  }

  /** A foreign message may be longer than what was kept; ours never is. */
  #mark(bytes: Buffer): void {
    if (bytes.length >= keepBytes || this.#last === undefined) return;
    const message = decodeMessage(bytes);
    if (message.type !== 'message' || !message.transactional) return;
    if (message.prefix !== markerPrefix) return;
    const { commitLsn, commitTimeUs } = this.#last;
    this.#markers.push({ name: message.content.toString('utf8'), commitLsn, commitTimeUs });
  }
}
