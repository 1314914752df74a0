import type { ClientBase } from 'pg';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import type { Progress } from '../../source.ts';
import { readChangeStream } from './change-stream.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { decodeMessage } from './pgoutput.ts';
import type { BeginMessage, ChangeMessage, CommitMessage } from './pgoutput-message.ts';
import {
  readApplied,
  writeApplied,
  type AppliedCommit,
  type InexactTable,
  type ReplayProgress,
} from './replay-progress.ts';
import { ReplayTables, type ReplayTable, type RowMask } from './replay-tables.ts';
import { liesBeyond, type ReplayTarget } from './replay-target.ts';
import { markerPrefix } from './change-summary.ts';

/** One incremental's changes: the transactions whose commit record starts in `[from, to)`. */
export interface StoredChanges {
  readonly from: Lsn;
  readonly to: Lsn;
  read(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface Replay {
  /** To the restored database, by whoever owns its tables, with the session settings of a restore. */
  readonly client: ClientBase;
  /** Tables not named here are left alone. */
  readonly tables: readonly ReplayTable[];
  /** In the chain's order, each starting where the one before it ends. */
  readonly changes: readonly StoredChanges[];
  readonly target: ReplayTarget;
  /** Applied to every row and key before anything is sent to the server. */
  readonly mask?: RowMask | undefined;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface ReplayResult {
  /** The last transaction applied; undefined when none was, and the base is as it was. */
  readonly reached: AppliedCommit | undefined;
  /** The first transaction that was left out because it lies beyond the target. */
  readonly beyond: BeginMessage | undefined;
  /** False when the stored changes end before the target does. */
  readonly targetReached: boolean;
  readonly transactions: number;
  readonly changes: number;
  /** Tables that are not what they were at that moment, and why. */
  readonly inexact: readonly InexactTable[];
}

/** From these sizes on, what was collected is applied and committed with the transaction's end. */
const flushChanges = 20_000;
const flushBytes = 16 * 1024 * 1024;

/**
 * Applies stored changes to a restored database, in commit order, to the target and not further. Every
 * commit of ours is one of the source's, and says in the same transaction how far it got: a replay
 * that was killed goes on from there. Primary keys and replica identity indexes must exist, foreign
 * keys, triggers and other unique indexes must not yet. Throws `chain-broken` for a gap,
 * `replay-mismatch` when a change does not fit, `document-malformed` for a damaged stream.
 */
export async function replayChanges(replay: Replay): Promise<ReplayResult> {
  checkOrder(replay.changes);
  const { client } = replay;
  // The index on the key is right however stale the statistics are; durable at the end is enough.
  await client.query('SET enable_hashjoin = off; SET enable_mergejoin = off');
  await client.query('SET synchronous_commit = off');
  const applied = await readApplied(client);
  if (applied !== undefined && liesBeyond(replay.target, applied)) {
    throw new HoldfastError(
      'replay-mismatch',
      `the database is restored up to ${formatLsn(applied.endLsn)} already, beyond the target`,
    );
  }
  const run = new ReplayRun(replay, applied);
  try {
    for (const changes of replay.changes) {
      if (run.finished) break;
      if (applied !== undefined && changes.to <= applied.commitLsn) continue;
      await run.read(changes);
    }
    await run.commit();
  } catch (error) {
    // The connection may be what failed; the first error is the one that tells.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('RESET enable_hashjoin; RESET enable_mergejoin; RESET synchronous_commit');
  return run.result();
}

function checkOrder(changes: readonly StoredChanges[]): void {
  for (const [index, { from }] of changes.entries()) {
    const before = changes[index - 1];
    if (before !== undefined && before.to !== from) {
      throw new HoldfastError(
        'chain-broken',
        `stored changes end at ${formatLsn(before.to)} and go on at ${formatLsn(from)}`,
      );
    }
  }
}

class ReplayRun {
  readonly #replay: Replay;
  readonly #tables: ReplayTables;
  #applied: AppliedCommit | undefined;
  /** Applied in the open transaction, or collected. */
  #pending: AppliedCommit | undefined;
  #begin: BeginMessage | undefined;
  #skipping = false;
  #inTransaction = false;
  #markSeen = false;
  #collected = 0;
  #collectedBytes = 0;
  #transactions = 0;
  #changes = 0;
  #beyond: BeginMessage | undefined;

  constructor(replay: Replay, applied: ReplayProgress | undefined) {
    this.#replay = replay;
    this.#applied = applied;
    this.#tables = new ReplayTables(replay.client, replay.tables, applied?.inexact, replay.mask);
  }

  get finished(): boolean {
    return this.#beyond !== undefined || (this.#markSeen && this.#begin === undefined);
  }

  async read(changes: StoredChanges): Promise<void> {
    const { signal } = this.#replay;
    // Every stored stream is a decoding session of its own and says again what its tables are.
    await this.#flush();
    this.#tables.forgetRelations();
    for await (const messages of readChangeStream(await changes.read(signal))) {
      signal.throwIfAborted();
      for (const bytes of messages) {
        await this.#take(decodeMessage(bytes), changes);
        if (this.finished) return;
        this.#collectedBytes += bytes.length;
      }
      // A transaction larger than a batch is applied in parts, and committed when it ends.
      if (this.#collected >= 2 * flushChanges || this.#collectedBytes >= 2 * flushBytes) {
        await this.#flush();
      }
    }
    if (this.#begin !== undefined) {
      throw new HoldfastError('document-malformed', 'stored changes end within a transaction');
    }
  }

  /** Makes durable what whole transactions have done so far. */
  async commit(): Promise<void> {
    await this.#flush();
    if (this.#inTransaction) throw new HoldfastError('document-malformed', 'a transaction is open');
  }

  result(): ReplayResult {
    const { target } = this.#replay;
    const last = this.#replay.changes.at(-1);
    const covered =
      target.kind === 'end' ||
      (target.kind === 'mark' && this.#markSeen) ||
      (target.kind === 'lsn' && last !== undefined && target.lsn <= last.to);
    return {
      reached: this.#applied,
      beyond: this.#beyond,
      targetReached: covered || this.#beyond !== undefined,
      transactions: this.#transactions,
      changes: this.#changes,
      inexact: this.#tables.inexact(),
    };
  }

  async #take(message: ChangeMessage, changes: StoredChanges): Promise<void> {
    if (message.type === 'begin') return this.#start(message, changes);
    if (message.type === 'commit') return this.#end(message);
    if (message.type === 'relation') return this.#relation(message);
    if (this.#begin === undefined) {
      if (message.type === 'message' && !message.transactional) return undefined;
      throw new HoldfastError('document-malformed', `a ${message.type} outside a transaction`);
    }
    if (message.type === 'message') this.#watchMark(message.prefix, message.content);
    if (this.#skipping) return undefined;
    return this.#change(message, this.#begin);
  }

  #start(begin: BeginMessage, changes: StoredChanges): void {
    if (this.#begin !== undefined) {
      throw new HoldfastError('document-malformed', 'a transaction begins within another');
    }
    if (begin.commitLsn < changes.from || begin.commitLsn >= changes.to) {
      throw new HoldfastError(
        'document-malformed',
        `a commit at ${formatLsn(begin.commitLsn)} is outside its backup`,
      );
    }
    if (liesBeyond(this.#replay.target, begin)) {
      this.#beyond = begin;
      return;
    }
    this.#begin = begin;
    this.#skipping = this.#applied !== undefined && begin.commitLsn <= this.#applied.commitLsn;
  }

  async #end(commit: CommitMessage): Promise<void> {
    if (this.#begin?.commitLsn !== commit.commitLsn) {
      throw new HoldfastError('document-malformed', 'a commit that belongs to no transaction');
    }
    const { commitLsn, endLsn, commitTimeUs } = commit;
    if (!this.#skipping) {
      this.#pending = { commitLsn, endLsn, commitTimeUs };
      this.#transactions++;
    }
    this.#begin = undefined;
    if (this.#collected >= flushChanges || this.#collectedBytes >= flushBytes) await this.#flush();
  }

  async #relation(message: ChangeMessage & { type: 'relation' }): Promise<void> {
    if (this.#tables.isPending(message.oid)) await this.#flush();
    await this.#tables.describe(message);
  }

  async #change(message: ChangeMessage, begin: BeginMessage): Promise<void> {
    if (message.type === 'truncate') {
      await this.#open();
      await this.#tables.truncate(message, begin.commitLsn);
    } else if (
      message.type === 'insert' ||
      message.type === 'delete' ||
      message.type === 'update'
    ) {
      const table = this.#tables.find(message.relation, begin.commitLsn);
      if (table === undefined) return;
      this.#collected++;
      this.#changes++;
      if (message.type === 'insert') table.insert(message);
      else if (message.type === 'delete') table.delete(message);
      else {
        if (message.key !== undefined) await this.#open();
        await table.update(message);
      }
    }
  }

  #watchMark(prefix: string, content: Buffer): void {
    const { target } = this.#replay;
    if (target.kind !== 'mark' || prefix !== markerPrefix) return;
    if (content.toString('utf8') === target.name) this.#markSeen = true;
  }

  /** Applies what was collected, and commits unless that would cut a transaction of the source. */
  async #flush(): Promise<void> {
    const { client, progress } = this.#replay;
    if (this.#collected > 0) {
      await this.#open();
      await this.#tables.flush();
      progress.advance(this.#collected);
    }
    this.#collected = 0;
    this.#collectedBytes = 0;
    if (this.#begin !== undefined || this.#pending === undefined) return;
    await this.#open();
    await writeApplied(client, this.#pending, this.#tables.inexact());
    await client.query('COMMIT');
    this.#inTransaction = false;
    this.#applied = this.#pending;
    this.#pending = undefined;
  }

  async #open(): Promise<void> {
    if (this.#inTransaction) return;
    await this.#replay.client.query('BEGIN');
    this.#inTransaction = true;
  }
}
