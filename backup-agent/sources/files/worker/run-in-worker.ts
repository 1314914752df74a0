import { Worker } from 'node:worker_threads';
import type { BackupReader, BackupWriter, InterruptedBackup, Progress } from '../../source.ts';
import type { Findings } from '../interrupted.ts';
import type { RestoreReport } from '../restore/report.ts';
import type { RestoreFilesOptions } from '../restore/restore-files.ts';
import type { TreeBackupOptions } from '../tree-backup.ts';
import { ReceivedBytes, sendBytes } from './byte-channel.ts';
import { Errors } from './errors.ts';
import type {
  Call,
  FromWorker,
  InterruptedFacts,
  ReaderFacts,
  Task,
  ToWorker,
} from './messages.ts';

/** `backUpTree` in a thread of its own: it walks, reads, digests and packs; this one stores. */
export async function backUpTreeInWorker(options: TreeBackupOptions): Promise<Findings> {
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
  return (await new WorkerRun(task, {
    readers: parents,
    writer,
    signal,
    progress,
  }).run()) as Findings;
}

/** `restoreFiles` in a thread of its own: it digests and writes; this one fetches and decrypts. */
export async function restoreInWorker(
  type: 'restore' | 'restoreObjects',
  { chain, signal, progress, ...options }: RestoreFilesOptions,
): Promise<RestoreReport> {
  const task: Task = { type, options, readers: chain.map(factsOf) };
  return (await new WorkerRun(task, { readers: chain, signal, progress }).run()) as RestoreReport;
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
}

/** One task in one worker, which ends with it. */
class WorkerRun {
  readonly #task: Task;
  readonly #surroundings: Surroundings;
  readonly #errors = new Errors();
  readonly #result = Promise.withResolvers<unknown>();

  constructor(task: Task, surroundings: Surroundings) {
    this.#task = task;
    this.#surroundings = surroundings;
  }

  async run(): Promise<unknown> {
    const { signal } = this.#surroundings;
    signal.throwIfAborted();
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: this.#task,
      resourceLimits: { maxYoungGenerationSizeMb: 48 },
    });
    const send = (message: ToWorker) => worker.postMessage(message, []);
    const abort = () => send({ abort: this.#errors.messageOf(signal.reason) });
    worker.on('message', (message: FromWorker) => void this.#receive(message, send));
    worker.once('error', this.#result.reject);
    worker.once('exit', () => this.#result.reject(new Error('the worker ended before its task')));
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#result.promise;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
      await worker.terminate();
    }
  }

  async #receive(message: FromWorker, send: (message: ToWorker) => void): Promise<void> {
    const { progress } = this.#surroundings;
    if ('call' in message) await this.#answer(message, send);
    else if ('step' in message) progress.step(...message.step);
    else if ('advance' in message) progress.advance(message.advance, message.also);
    else if ('note' in message) progress.note(message.note);
    else if ('done' in message) this.#result.resolve(message.done);
    else this.#result.reject(this.#errors.errorOf(message.failed));
  }

  async #answer(call: Call, send: (message: ToWorker) => void): Promise<void> {
    if (call.call === 'read') {
      await sendBytes(call.port, this.#errors, () => this.#read(call));
      return;
    }
    try {
      const value = await (call.call === 'write' ? this.#write(call) : this.#readNote(call));
      send({ answer: call.id, value });
    } catch (error) {
      send({ answer: call.id, error: this.#errors.messageOf(error) });
    }
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
