import type { Client } from 'pg';
import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupWriter, ByteStream } from '../../source.ts';
import type { LargeObjectsState } from './follow-state.ts';

export interface Session extends AsyncDisposable {
  readonly client: Client;
}

/** Where changes come from: a database, its slot and its publications. */
export interface ChangeFeed {
  readonly slot: string;
  /** Inserts and truncates of all tables; updates and deletes of those with an identity. */
  readonly publications: readonly string[];
  /** At most this much WAL goes into one incremental: decoding holds its result on the server. */
  readonly maxWalBytes: number;
  /** How long to wait for writing transactions when tables must be copied, before doing without. */
  readonly alignTimeoutMs: number;
  /** A session with the settings that make values read the same everywhere. */
  connect(): Promise<Session>;
  /** A session that speaks the replication protocol for this database. */
  connectReplication(): Promise<Session>;
  /** The schema as a script, as that snapshot sees it. */
  dumpSchema(snapshot: string, signal: AbortSignal): ByteStream;
  /** Tables whose rows the configuration leaves out. */
  leavesOut?(table: { readonly schema: string; readonly name: string }): boolean;
  /** Large objects are in no change: they are read again in the client's snapshot. */
  backUpLargeObjects?(
    client: Client,
    writer: BackupWriter,
  ): Promise<{ readonly entry: LargeObjectsState; readonly problems: readonly Problem[] }>;
}

export const defaultMaxWalBytes = 256 * 1024 * 1024;
export const defaultAlignTimeoutMs = 60_000;
