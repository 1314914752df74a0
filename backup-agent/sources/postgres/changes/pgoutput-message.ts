import type { Lsn } from './lsn.ts';

/**
 * What the `pgoutput` plugin says, protocol version 1. Field by field in the PostgreSQL manual,
 * "Logical Replication Message Formats".
 */
export type ChangeMessage =
  | BeginMessage
  | CommitMessage
  | OriginMessage
  | RelationMessage
  | TypeMessage
  | InsertMessage
  | UpdateMessage
  | DeleteMessage
  | TruncateMessage
  | LogicalMessage;

export interface BeginMessage {
  readonly type: 'begin';
  /** Where the transaction's commit record starts. */
  readonly commitLsn: Lsn;
  readonly commitTimeUs: bigint;
  readonly xid: number;
}

export interface CommitMessage {
  readonly type: 'commit';
  readonly commitLsn: Lsn;
  /** Just after the commit record. */
  readonly endLsn: Lsn;
  readonly commitTimeUs: bigint;
}

export interface OriginMessage {
  readonly type: 'origin';
  readonly lsn: Lsn;
  readonly name: string;
}

/** Sent before the first change of a table in a decoding session, and again when it changes. */
export interface RelationMessage {
  readonly type: 'relation';
  readonly oid: number;
  /** `pg_catalog` comes as an empty string on the wire; here it is spelled out. */
  readonly schema: string;
  readonly name: string;
  readonly replicaIdentity: ReplicaIdentity;
  /** Without generated and dropped columns. */
  readonly columns: readonly RelationColumn[];
}

/** `pg_class.relreplident`: the primary key, nothing, the whole row, or an index. */
export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  readonly key: boolean;
}

export interface TypeMessage {
  readonly type: 'type';
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

export interface InsertMessage {
  readonly type: 'insert';
  readonly relation: number;
  readonly row: Tuple;
}

export interface UpdateMessage {
  readonly type: 'update';
  readonly relation: number;
  /** The old identity, sent only when the update changed it; other columns are null. */
  readonly key: Tuple | undefined;
  /** The whole old row, under REPLICA IDENTITY FULL. */
  readonly old: Tuple | undefined;
  readonly row: Tuple;
}

export interface DeleteMessage {
  readonly type: 'delete';
  readonly relation: number;
  readonly key: Tuple | undefined;
  readonly old: Tuple | undefined;
}

export interface TruncateMessage {
  readonly type: 'truncate';
  readonly relations: readonly number[];
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
}

/** What `pg_logical_emit_message` wrote. */
export interface LogicalMessage {
  readonly type: 'message';
  readonly transactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Buffer;
}

/** One value per column: its text in UTF-8, null, or `unchanged`. */
export type Tuple = readonly TupleValue[];
export type TupleValue = Buffer | null | typeof unchanged;

/** An out-of-line (TOAST) value that the update left alone: the message does not carry it. */
export const unchanged = undefined;
