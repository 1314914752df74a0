import type { Readable } from 'node:stream';
import type { Problem } from '../errors/holdfast-error.ts';
import type { BackupKind, ConsistentPoint, SourceKind } from '../../contracts/manifest.ts';

/**
 * What is backed up. A source knows nothing of repositories, keys or commits: it writes plaintext
 * streams into a `BackupWriter` and reads the past back through `BackupReader`s.
 */
export interface Source {
  readonly kind: SourceKind;

  /** What stands in the way of a backup, found without changing anything. */
  preflight(context: SourceContext): Promise<Preflight>;

  /**
   * Takes one backup, or as many as the backlog needs. Each yielded value is complete and not yet
   * committed; the caller commits it and then asks for the next value. So resuming the generator
   * means "committed", and only then may a source let go of what it would need to take that backup
   * again (advance a replication slot). A caller that stops early calls `return()`, and the source
   * keeps everything.
   */
  backup(run: BackupRun): AsyncGenerator<PreparedBackup, void, undefined>;
}

export interface SourceContext {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly log: Log;
  readonly now: () => Date;
}

export interface BackupRun extends SourceContext {
  /** What was asked for. A source may answer with a full, and then says why in `reason`. */
  readonly requested: BackupKind;
  /** The newest committed chain, its full first; empty when there is none. */
  readonly chain: readonly BackupReader[];
  /** Attachments only: all content is read again, whatever size and times say. */
  readonly verifyContent?: boolean;
  /** Attachments only: a source that held something may be empty now. */
  readonly allowEmpty?: boolean;
  /**
   * Opens a new, empty backup, or with `resumable` the one that an interrupted run of the same kind
   * and plan left. One at a time: the former must have been yielded or abandoned.
   */
  begin(kind: BackupKind, resumable?: Resumable): Promise<BackupWriter>;
}

/** Makes a backup one in which a later run can go on, should this one be interrupted. */
export interface Resumable {
  /** All that must be the same for what is stored to be of use. */
  readonly plan: string;
  /** For the run that goes on: `InterruptedBackup.note`. */
  readonly note: string;
}

export interface BackupWriter {
  readonly id: string;
  /** What an interrupted run left of this backup: not to be written again. */
  readonly interrupted?: InterruptedBackup;
  /**
   * Compresses, encrypts to the recovery recipients, digests and stores. Calls may run at once.
   * A chunk is not held any more once the next one is asked for, so that its memory can be used again.
   * `note` is asked once the plaintext has come to its end, and is for a run that goes on.
   */
  writeObject(name: string, plaintext: ByteStream, note?: () => string): Promise<WrittenObject>;
  /** The same, for what names tables, paths or people: readable by the metadata identity too. */
  writeMeta(name: string, plaintext: ByteStream, note?: () => string): Promise<WrittenObject>;
}

export interface InterruptedBackup {
  readonly note: string;
  /** Every object that was begun, in the order of their ends. */
  readonly objects: readonly InterruptedObject[];
  readonly meta: readonly InterruptedObject[];
}

export interface InterruptedObject {
  /** As it was given. */
  readonly name: string;
  /** Whether it is whole and belongs to the backup. */
  readonly stored: boolean;
  /** Counts the runs that worked on the backup, from 0. */
  readonly attempt: number;
  readNote(): Promise<string>;
}

/** Byte chunks of any size; a Node stream is one. */
export type ByteStream = Readable | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface WrittenObject {
  /** The name to read it back by: `x.copy` given, `x.copy.zst.age` stored. */
  readonly name: string;
  readonly plaintextBytes: number;
  readonly sizeBytes: number;
  /** Of the ciphertext, lower-case hex. */
  readonly sha256: string;
}

export interface BackupReader {
  readonly id: string;
  readonly kind: BackupKind;
  readonly point: ConsistentPoint;
  /** What the source put into the manifest at the time; parse before use. */
  readonly source: unknown;
  /** Names of the stored objects, without the `.zst.age` ending. */
  readonly objectNames: readonly string[];
  /** Decrypted and decompressed; the digest is checked, and a byte is released only when authentic. */
  readObject(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  readMeta(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface PreparedBackup {
  readonly writer: BackupWriter;
  readonly kind: BackupKind;
  /** Nothing was left to do: `point` is of the interrupted run, and not of this one. */
  readonly fromInterrupted?: true;
  /** Why another kind than the requested one was taken. */
  readonly reason?: string;
  readonly point: ConsistentPoint;
  /** Entries that could not be backed up; with any, the backup is `partial`. */
  readonly problems: readonly Problem[];
  /** Goes into the manifest in plain JSON: no name of a table, path or person. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Rows or entries in this backup, for people. */
  readonly items: number;
}

export interface Preflight {
  readonly findings: readonly Finding[];
}

export interface Finding {
  /** An `error` stops a backup, a `warning` does not. */
  readonly severity: 'error' | 'warning' | 'info';
  readonly where: string;
  readonly what: string;
  /** The SQL, parameter or command that mends it. */
  readonly fix?: string;
}

/** Reports how far a long step is. Implementations decide what to draw, and how often. */
export interface Progress {
  /** A new step; `total` in the unit of `advance` where it is known. */
  step(
    title: string,
    total?: { readonly amount: number; readonly unit: 'bytes' | 'rows' | 'entries' },
  ): void;
  advance(amount: number, also?: ProgressDetails): void;
  note(text: string): void;
}

/** What a step in another unit than bytes tells besides. */
export interface ProgressDetails {
  /** Read or written since the last call. */
  readonly bytes?: number;
  /** The one that was begun last. */
  readonly segment?: number;
  /** What is worked on: a table's name. */
  readonly at?: string;
}

export interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
