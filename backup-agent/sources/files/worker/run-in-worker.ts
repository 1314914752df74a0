import { Worker } from 'node:worker_threads';
import type { BackupReader, BackupWriter, InterruptedBackup, Progress } from '../../source.ts';
import type { Findings } from '../interrupted.ts';
import type { RestoreReport } from '../restore/report.ts';
import type { RestoreFilesOptions } from '../restore/restore-files.ts';
import type { SegmentDone, SegmentWork } from '../restore/segment-assistant.ts';
import type { TreeBackupOptions } from '../tree-backup.ts';
import { ReceivedBytes, sendBytes } from './byte-channel.ts';
import { Errors } from './errors.ts';
import type {
  Answer,
  Call,
  FromWorker,
  InterruptedFacts,
  ReaderFacts,
  Task,
  ToWorker,
  WorkerStart,
} from './messages.ts';

/**
 * Young objects die young only if they have room: with less, each file's are moved once or twice. A
 * restore makes fewer of them, and needs the memory for what it plans.
 */
const youngGenerationMb = { backup: 24, restore: 16, segment: 16 } as const;

/**
 * A thread for one backup or restore. It loads its code at once, while the caller still finds out what
 * there is to do. To be disposed of, whether it was given something to do or not.
 */
export class FilesThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #ended = Promise.withResolvers<never>();
  /** It has loaded all of its code, or will not. */
  readonly #loaded = Promise.withResolvers<void>();
  /** Restores segments too, where there are several. */
  #assistant: FilesThread | undefined;

  constructor(start: WorkerStart) {
    this.#worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: start,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb[start.type] },
    });
    const { promise, reject } = this.#ended;
    // Whoever gives it something to do is told.
    promise.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => {
      if ('loaded' in message) this.#loaded.resolve();
    });
    this.#worker.once('error', reject);
    this.#worker.once('exit', () => {
      this.#loaded.resolve();
      reject(new Error('the worker ended before its task'));
    });
  }

  /** As the function of that name: it walks, reads, digests and packs there, and stores here. */
  async backUpTree(options: Omit<TreeBackupOptions, 'walk'>): Promise<Findings> {
    const { parents, key, writer, signal, progress, ...plain } = options;
    const { interrupted } = writer;
    const task: Task = {
      type: 'backup',
      options: { ...plain, key: key.base64 },
      readers: parents.map(factsOf),
      writer: {
        id: writer.id,
        ...(interrupted ? { interrupted: interruptedFacts(interrupted) } : {}),
      },
    };
    return (await this.#run(task, { readers: parents, writer, signal, progress })) as Findings;
  }

  /** As `restoreFiles`, or the same for a bucket's objects: it writes there, and fetches here. */
  async restore(
    type: RestoreType,
    { chain, signal, progress, ...options }: Omit<RestoreFilesOptions, 'assist'>,
  ): Promise<RestoreReport> {
    const readers = chain.map(factsOf);
    const segments = chain.reduce((sum, { objectNames }) => sum + objectNames.length, 0);
    // It loads its code while the other reads what there is to restore.
    if (segments > 1 && options.dryRun !== true) this.#startAssistant();
    const assist = async (work: SegmentWork) => {
      const task = { type: 'segment', work, readers } as const;
      return (await this.#startAssistant().#run(task, {
        readers: chain,
        signal,
        progress,
      })) as SegmentDone;
    };
    const surroundings = { readers: chain, signal, progress, assist };
    return (await this.#run({ type, options, readers }, surroundings)) as RestoreReport;
  }

  #startAssistant(): FilesThread {
    return (this.#assistant ??= new FilesThread({ type: 'segment' }));
  }

  async #run(task: Task, surroundings: Surroundings): Promise<unknown> {
    return await new WorkerRun(this.#worker, surroundings).run(task, this.#ended.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#assistant?.[Symbol.asyncDispose]();
    // A thread that is ended while it loads native code takes the whole process along.
    await this.#loaded.promise;
    await this.#worker.terminate();
  }
}

/** What lies in the segments of a backup: a tree, or a bucket's objects. */
export type RestoreType = 'restore' | 'restoreObjects';

/** `restoreFiles` in a thread of its own. */
export async function restoreInWorker(
  type: RestoreType,
  options: RestoreFilesOptions,
): Promise<RestoreReport> {
  await using thread = new FilesThread({ type: 'restore' });
  return await thread.restore(type, options);
}

function factsOf({ id, kind, point, source, objectNames }: BackupReader): ReaderFacts {
  return { id, kind, point, source, objectNames };
}

function interruptedFacts({ note, objects, meta }: InterruptedBackup): InterruptedFacts {
  const facts = (all: InterruptedBackup['objects']) =>
    all.map(({ name, stored, attempt }) => ({ name, stored, attempt }));
  return { note, objects: facts(objects), meta: facts(meta) };
}

interface Surroundings {
  readonly readers: readonly BackupReader[];
  readonly writer?: BackupWriter;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly assist?: (work: SegmentWork) => Promise<SegmentDone>;
}

/** What a worker and this thread have to say to each other over one task. */
class WorkerRun {
  readonly #worker: Worker;
  readonly #surroundings: Surroundings;
  readonly #errors = new Errors();
  readonly #result = Promise.withResolvers<unknown>();

  constructor(worker: Worker, surroundings: Surroundings) {
    this.#worker = worker;
    this.#surroundings = surroundings;
  }

  /** `ended` rejects when the worker is no more. */
  async run(task: Task, ended: Promise<never>): Promise<unknown> {
    const { signal } = this.#surroundings;
    signal.throwIfAborted();
    const send = (message: ToWorker) => this.#worker.postMessage(message, []);
    const abort = () => send({ abort: this.#errors.messageOf(signal.reason) });
    const receive = (message: FromWorker) => void this.#receive(message, send);
    this.#worker.on('message', receive);
    signal.addEventListener('abort', abort, { once: true });
    try {
      send({ task });
      return await Promise.race([this.#result.promise, ended]);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#worker.off('message', receive);
      signal.removeEventListener('abort', abort);
    }
  }

  async #receive(message: FromWorker, send: (message: ToWorker) => void): Promise<void> {
    const { progress } = this.#surroundings;
    if ('call' in message) await this.#answer(message, send);
    else if ('step' in message) progress.step(...message.step);
    else if ('advance' in message) progress.advance(message.advance, message.also);
    else if ('note' in message) progress.note(message.note);
    else if ('done' in message) this.#result.resolve(message.done);
    else if ('failed' in message) this.#result.reject(this.#errors.errorOf(message.failed));
  }

  async #answer(call: Call, send: (message: ToWorker) => void): Promise<void> {
    if (call.call === 'read') {
      await sendBytes(call.port, this.#errors, () => this.#read(call));
      return;
    }
    try {
      send({ answer: call.id, value: await this.#valueFor(call) });
    } catch (error) {
      send({ answer: call.id, error: this.#errors.messageOf(error) });
    }
  }

  async #valueFor(call: Exclude<Call, { call: 'read' }>): Promise<Answer> {
    if (call.call === 'write') return await this.#write(call);
    if (call.call === 'note') return await this.#readNote(call);
    const { assist } = this.#surroundings;
    if (!assist) throw new Error('the worker asked for help that it was not given');
    return await assist(call.work);
  }

  async #read({ backup, area, name }: Extract<Call, { call: 'read' }>) {
    const { readers, signal } = this.#surroundings;
    const reader = readers.find(({ id }) => id === backup);
    if (!reader) throw new Error(`the worker asked for backup ${backup}, which it was not given`);
    return area === 'objects'
      ? await reader.readObject(name, signal)
      : await reader.readMeta(name, signal);
  }

  async #write({ area, name, port }: Extract<Call, { call: 'write' }>) {
    const { writer } = this.#surroundings;
    if (!writer) throw new Error('the worker wrote to a backup, and was given none');
    const bytes = new ReceivedBytes(port, this.#errors);
    try {
      return area === 'objects'
        ? await writer.writeObject(name, bytes, () => bytes.note)
        : await writer.writeMeta(name, bytes, () => bytes.note);
    } finally {
      // A storage that failed may not have read the stream to its end.
      port.close();
    }
  }

  async #readNote({ area, number }: Extract<Call, { call: 'note' }>): Promise<string> {
    const object = this.#surroundings.writer?.interrupted?.[area][number];
    if (!object) throw new Error(`the worker asked for note ${number}, which it was not given`);
    return await object.readNote();
  }
}
