import type { MessagePort } from 'node:worker_threads';
import type {
  BackupReader,
  InterruptedObject,
  Progress,
  ProgressDetails,
  WrittenObject,
} from '../../source.ts';
import type { RestoreFilesOptions } from '../restore/restore-files.ts';
import type { SegmentDone, SegmentWork } from '../restore/segment-assistant.ts';
import type { TreeBackupOptions } from '../tree-backup.ts';
import type { ErrorMessage } from './errors.ts';

/** What of a backup the other thread is told; its objects it asks for. */
export type ReaderFacts = Pick<BackupReader, 'id' | 'kind' | 'point' | 'source' | 'objectNames'>;

export interface InterruptedFacts {
  readonly note: string;
  readonly objects: readonly InterruptedObjectFacts[];
  readonly meta: readonly InterruptedObjectFacts[];
}

export type InterruptedObjectFacts = Omit<InterruptedObject, 'readNote'>;

/** What a worker has to do. */
export type Task =
  | {
      readonly type: 'backup';
      readonly options: Omit<
        TreeBackupOptions,
        'parents' | 'key' | 'writer' | 'signal' | 'progress' | 'walk'
      > & { readonly key: string };
      readonly readers: readonly ReaderFacts[];
      readonly writer: { readonly id: string; readonly interrupted?: InterruptedFacts };
    }
  | {
      readonly type: 'restore' | 'restoreObjects';
      readonly options: Omit<RestoreFilesOptions, 'chain' | 'signal' | 'progress' | 'assist'>;
      readonly readers: readonly ReaderFacts[];
    }
  | {
      readonly type: 'segment';
      readonly work: SegmentWork;
      readonly readers: readonly ReaderFacts[];
    };

/** What only the main thread can do, for it has the storage, the keys and the journal. */
export type Call =
  | {
      readonly call: 'read';
      readonly backup: string;
      readonly area: 'objects' | 'meta';
      readonly name: string;
      readonly port: MessagePort;
    }
  | {
      readonly call: 'write';
      readonly id: number;
      readonly area: 'objects' | 'meta';
      readonly name: string;
      readonly port: MessagePort;
    }
  | {
      readonly call: 'note';
      readonly id: number;
      readonly area: 'objects' | 'meta';
      readonly number: number;
    }
  | { readonly call: 'assist'; readonly id: number; readonly work: SegmentWork };

/** What a call is answered with. */
export type Answer = WrittenObject | string | SegmentDone;

/** To the main thread. */
export type FromWorker =
  | Call
  | { readonly loaded: true }
  | { readonly step: Parameters<Progress['step']> }
  | { readonly advance: number; readonly also: ProgressDetails }
  | { readonly note: string }
  | { readonly done: unknown }
  | { readonly failed: ErrorMessage };

/** What a worker is started for; it loads that while the task is still being made. */
export interface WorkerStart {
  readonly type: 'backup' | 'restore' | 'segment';
}

/** To the worker: one task, and the next when that is done. */
export type ToWorker =
  | { readonly task: Task }
  | { readonly abort: ErrorMessage }
  | { readonly answer: number; readonly value: Answer }
  | { readonly answer: number; readonly error: ErrorMessage };
