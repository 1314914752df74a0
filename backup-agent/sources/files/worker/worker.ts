import { MessageChannel, parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type {
  BackupReader,
  BackupWriter,
  ByteStream,
  InterruptedBackup,
  InterruptedObject,
  Progress,
  WrittenObject,
} from '../../source.ts';
import { loadSystemCalls } from '../attributes/system-calls.ts';
import { ContentKey } from '../content-key.ts';
import type { SegmentDone, SegmentWork } from '../restore/segment-assistant.ts';
import type { TreeBackupOptions } from '../tree-backup.ts';
import { ReceivedBytes, sendBytes } from './byte-channel.ts';
import { Errors } from './errors.ts';
import type {
  Answer,
  FromWorker,
  InterruptedFacts,
  InterruptedObjectFacts,
  ReaderFacts,
  Task,
  ToWorker,
  WorkerStart,
} from './messages.ts';

type Area = 'objects' | 'meta';

/** Progress is told of so often: a message for every file would cost more than packing it. */
const progressEveryMs = 100;

/** The main thread as the task sees it: the writer, the readers and the progress that it stands for. */
class MainThread {
  readonly #port: MessagePort;
  readonly #errors = new Errors();
  readonly #stop = new AbortController();
  #task = Promise.withResolvers<Task>();
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #calls = 0;
  #advanced = 0;
  #bytes = 0;
  #segment: number | undefined;
  #toldAt = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToWorker) => this.#receive(message));
  }

  async nextTask(): Promise<Task> {
    const task = await this.#task.promise;
    this.#task = Promise.withResolvers();
    return task;
  }

  async assist(work: SegmentWork): Promise<SegmentDone> {
    return (await this.#ask((id) => ({ call: 'assist', id, work }))) as SegmentDone;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  readonly progress: Progress = {
    step: (...step) => this.#send({ step }),
    advance: (amount, { bytes = 0, segment } = {}) => {
      this.#advanced += amount;
      this.#bytes += bytes;
      this.#segment = segment ?? this.#segment;
      const now = performance.now();
      if (now - this.#toldAt < progressEveryMs) return;
      this.#toldAt = now;
      this.#flush();
    },
    note: (note) => this.#send({ note }),
  };

  reader(facts: ReaderFacts): BackupReader {
    const read = (area: Area) => async (name: string) => {
      const { port1, port2 } = new MessageChannel();
      this.#send({ call: 'read', backup: facts.id, area, name, port: port2 }, [port2]);
      return new ReceivedBytes(port1, this.#errors);
    };
    return { ...facts, readObject: read('objects'), readMeta: read('meta') };
  }

  writer({ id, interrupted }: Extract<Task, { type: 'backup' }>['writer']): BackupWriter {
    const write = (area: Area) => (name: string, plaintext: ByteStream, note?: () => string) =>
      this.#write(area, name, plaintext, note);
    return {
      id,
      ...(interrupted ? { interrupted: this.#interrupted(interrupted) } : {}),
      writeObject: write('objects'),
      writeMeta: write('meta'),
    };
  }

  tellLoaded(): void {
    this.#send({ loaded: true });
  }

  finish(value: unknown): void {
    this.#flush();
    this.#send({ done: value });
  }

  fail(error: unknown): void {
    this.#send({ failed: this.#errors.messageOf(error) });
  }

  async #write(
    area: Area,
    name: string,
    plaintext: ByteStream,
    note?: () => string,
  ): Promise<WrittenObject> {
    const { port1, port2 } = new MessageChannel();
    const written = this.#ask((id) => ({ call: 'write', id, area, name, port: port2 }), [port2]);
    // It may fail before the stream has learned that nobody reads it any more.
    written.catch(() => undefined);
    await sendBytes(port1, this.#errors, () => asynchronous(plaintext), note);
    return (await written) as WrittenObject;
  }

  #interrupted({ note, objects, meta }: InterruptedFacts): InterruptedBackup {
    const remote =
      (area: Area) =>
      (object: InterruptedObjectFacts, number: number): InterruptedObject => ({
        ...object,
        readNote: async () =>
          (await this.#ask((id) => ({ call: 'note', id, area, number }))) as string,
      });
    return { note, objects: objects.map(remote('objects')), meta: meta.map(remote('meta')) };
  }

  async #ask(call: (id: number) => FromWorker, transfer: MessagePort[] = []): Promise<Answer> {
    const id = ++this.#calls;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(id, answer);
    this.#send(call(id), transfer);
    return await answer.promise;
  }

  #receive(message: ToWorker): void {
    if ('task' in message) {
      this.#task.resolve(message.task);
      return;
    }
    if ('abort' in message) {
      this.#stop.abort(this.#errors.errorOf(message.abort));
      return;
    }
    const waiting = this.#waiting.get(message.answer);
    this.#waiting.delete(message.answer);
    if ('error' in message) waiting?.reject(this.#errors.errorOf(message.error));
    else waiting?.resolve(message.value);
  }

  #flush(): void {
    const segment = this.#segment === undefined ? {} : { segment: this.#segment };
    this.#send({ advance: this.#advanced, also: { bytes: this.#bytes, ...segment } });
    this.#advanced = 0;
    this.#bytes = 0;
  }

  #send(message: FromWorker, transfer: MessagePort[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

async function* asynchronous(bytes: ByteStream): AsyncGenerator<Uint8Array> {
  yield* bytes;
}

/** What can be asked of a thread that was started for backups, or for restores. */
async function loadFor({ type }: WorkerStart): Promise<(task: Task, main: MainThread) => unknown> {
  if (type === 'backup') {
    const { WalkThread } = await import('./walk-in-worker.ts');
    const walker = new WalkThread();
    const { backUpTree } = await import('../tree-backup.ts');
    return (task, main) =>
      backUpTree({ ...treeBackup(task, main), walk: (walk) => walker.walk(walk) });
  }
  if (type === 'segment') {
    const { restoreSegment } = await import('../restore/segment-assistant.ts');
    return (task, main) => {
      if (task.type !== 'segment')
        throw new Error(`a thread for segments was given a ${task.type}`);
      return restoreSegment(task.work, chainAnd(main, task));
    };
  }
  const { restoreFiles } = await import('../restore/restore-files.ts');
  return async (task, main) => {
    if (task.type !== 'restore' && task.type !== 'restoreObjects')
      throw new Error(`a thread for restores was given a ${task.type}`);
    const assist = (work: SegmentWork) => main.assist(work);
    const options = { ...task.options, ...chainAnd(main, task), assist };
    if (task.type === 'restore') return await restoreFiles(options);
    const { restoreObjectsToDirectory } = await import('../../s3/restore-to-directory.ts');
    return await restoreObjectsToDirectory(options);
  };
}

function chainAnd(main: MainThread, { readers }: { readonly readers: readonly ReaderFacts[] }) {
  const { signal, progress } = main;
  return { chain: readers.map((facts) => main.reader(facts)), signal, progress };
}

function treeBackup(task: Task, main: MainThread): TreeBackupOptions {
  if (task.type !== 'backup') throw new Error('a thread for backups was given a restore');
  const { options, readers, writer } = task;
  return {
    ...options,
    // A buffer arrives as plain bytes.
    root: Buffer.from(options.root),
    key: ContentKey.fromBase64(options.key),
    parents: readers.map((facts) => main.reader(facts)),
    writer: main.writer(writer),
    signal: main.signal,
    progress: main.progress,
  };
}

if (parentPort) {
  const main = new MainThread(parentPort);
  // The main thread made it in `run-in-worker.ts`, a moment ago, and ends this one.
  const run = await loadFor(workerData as WorkerStart);
  // Here and not when they are first needed: until it has loaded all, the thread must not be ended.
  await loadSystemCalls();
  main.tellLoaded();
  try {
    for (;;) main.finish(await run(await main.nextTask(), main));
  } catch (error) {
    main.fail(error);
  }
}
