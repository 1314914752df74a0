import { parentPort, type MessagePort } from 'node:worker_threads';
import { encodeEntry } from '../index-line.ts';
import { walk, type WalkOptions } from '../walk.ts';
import { Errors } from './errors.ts';
import type { FromWalker, WalkEvent, WalkTask } from './walk-messages.ts';

const eventsAtOnce = 256;
/** Messages under way, so that neither thread waits for the other. */
const messagesAhead = 4;

/** The thread that asked: it is told of events in their order, and answers each message. */
class Asker {
  readonly #port: MessagePort;
  #events: WalkEvent[] = [];
  #excluded = 0;
  #unanswered = 0;
  #answered = Promise.withResolvers<void>();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  answer(): void {
    this.#unanswered -= 1;
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
  }

  tell(event: WalkEvent): void {
    this.#events.push(event);
  }

  /** There may be a million of them and nothing else. */
  countExcluded(): void {
    this.#excluded += 1;
  }

  /** Sends what there is to tell, once there is enough of it. */
  async flush(done = false): Promise<void> {
    if (!done && this.#events.length < eventsAtOnce) return;
    while (this.#unanswered >= messagesAhead) await this.#answered.promise;
    this.#unanswered += 1;
    this.#send({ events: this.#events, excluded: this.#excluded, done });
    this.#events = [];
    this.#excluded = 0;
  }

  fail(error: unknown): void {
    this.#send({ failed: new Errors().messageOf(error) });
  }

  #send(message: FromWalker): void {
    this.#port.postMessage(message, []);
  }
}

async function walkFor(asker: Asker, { root, patterns, oneFileSystem }: WalkTask): Promise<void> {
  const options: WalkOptions = {
    // A buffer arrives as plain bytes.
    root: Buffer.from(root),
    patterns,
    oneFileSystem,
    // Who asked ends the thread.
    signal: new AbortController().signal,
    onProblem: (problem) => asker.tell({ problem }),
    onUnknown: (path) => asker.tell({ unknown: Uint8Array.from(path) }),
    leftOut: {
      excluded: () => asker.countExcluded(),
      otherFileSystem: (path) => asker.tell({ mount: Uint8Array.from(path) }),
      special: (path, kind) => asker.tell({ special: Uint8Array.from(path), kind }),
    },
  };
  for await (const entry of walk(options)) {
    asker.tell(encodeEntry(entry, ''));
    await asker.flush();
  }
  await asker.flush(true);
}

if (parentPort) {
  const asker = new Asker(parentPort);
  parentPort.once('message', (task: WalkTask) => {
    parentPort?.on('message', () => asker.answer());
    walkFor(asker, task).catch((error: unknown) => asker.fail(error));
  });
}
