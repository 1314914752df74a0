import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Entry } from '../entry.ts';
import { decodeOwnEntry } from '../index-line.ts';
import type { WalkOptions } from '../walk.ts';
import { Errors } from './errors.ts';
import type { FromWalker, WalkEvent, WalkTask } from './walk-messages.ts';

/** What it makes is on its way to the other thread a moment later. */
const youngGenerationMb = 8;

/**
 * A thread that walks a tree, while this one reads, digests and packs what it finds. It loads its
 * code at once, and ends with the walk, or with this thread.
 */
export class WalkThread {
  readonly #worker = new Worker(new URL('walk-worker.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
  });

  /** Why it ended, if it has. */
  #end: Error | undefined;

  constructor() {
    // It may fail before it has anything to do: whoever walks is told.
    this.#worker.once('error', (error: Error) => (this.#end = error));
    this.#worker.once('exit', () => (this.#end ??= endedEarly()));
  }

  /** As the function of that name. */
  async *walk(options: WalkOptions): AsyncGenerator<Entry> {
    const { root, patterns, oneFileSystem, signal } = options;
    const worker = this.#worker;
    const task: WalkTask = { root, patterns, oneFileSystem };
    if (this.#end !== undefined) throw this.#end;
    worker.postMessage(task, []);
    try {
      const messages = on(worker, 'message', { signal, close: ['exit'] });
      for await (const [message] of messages as AsyncIterable<[FromWalker]>) {
        if ('failed' in message) throw new Errors().errorOf(message.failed);
        worker.postMessage('taken', []);
        options.leftOut.excluded(message.excluded);
        for (const event of message.events) {
          if (typeof event === 'string') yield entryOf(event);
          else tell(event, options);
        }
        if (message.done) return;
      }
      throw endedEarly();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await worker.terminate();
    }
  }
}

function endedEarly(): Error {
  return new Error('the thread that walks ended before its walk');
}

function entryOf(line: string): Entry {
  const entry = decodeOwnEntry(line, '');
  if (entry.type === 'removed') throw new TypeError('a walk meets no removals');
  return entry;
}

function tell(event: Exclude<WalkEvent, string>, options: WalkOptions): void {
  const { onProblem, onUnknown, leftOut } = options;
  if ('problem' in event) onProblem(event.problem);
  else if ('unknown' in event) onUnknown(Buffer.from(event.unknown));
  else if ('mount' in event) leftOut.otherFileSystem(Buffer.from(event.mount));
  else leftOut.special(Buffer.from(event.special), event.kind);
}
