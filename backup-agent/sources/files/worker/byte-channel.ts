import { on } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { takeDonated } from '../../../stream/donated.ts';
import { release } from '../../../stream/release.ts';
import type { ErrorMessage, Errors } from './errors.ts';

/** What goes with the bytes: chunks, then how it ended. */
type ByteMessage =
  | { readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly end: string }
  | { readonly error: ErrorMessage };

/** What comes back for a chunk: its memory, for another one. */
type UsedChunk = Uint8Array<ArrayBuffer>;

/** Chunks under way at once, so that both threads have something to do. */
const window = 2;

/** Sends a stream to the thread that has the other end of the channel; never rejects. */
export async function sendBytes(
  port: MessagePort,
  errors: Errors,
  open: () => Promise<AsyncIterable<Uint8Array>> | AsyncIterable<Uint8Array>,
  /** Asked once the bytes have come to their end, and sent along. */
  note?: () => string,
): Promise<void> {
  const credit = new Credit(port);
  try {
    for await (const chunk of await open()) {
      if (!(await credit.take())) return;
      const bytes = takeDonated(chunk) ? chunk : Uint8Array.from(chunk);
      port.postMessage({ chunk: bytes } satisfies ByteMessage, [bytes.buffer]);
    }
    port.postMessage({ end: note?.() ?? '' } satisfies ByteMessage);
  } catch (error) {
    port.postMessage({ error: errors.messageOf(error) } satisfies ByteMessage);
  }
  await credit.closed;
}

/** How many chunks the receiver takes. It gives one back for each that it has used, until it closes. */
class Credit {
  readonly closed: Promise<void>;
  #left = window;
  #isClosed = false;
  #changed = Promise.withResolvers<void>();

  constructor(port: MessagePort) {
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    port.on('message', (used: UsedChunk) => {
      release(used);
      this.#left += 1;
      this.#changed.resolve();
    });
    port.on('close', () => {
      this.#isClosed = true;
      this.#changed.resolve();
      closed.resolve();
    });
  }

  /** Whether another chunk is wanted; waits until that is known. */
  async take(): Promise<boolean> {
    while (this.#left === 0 && !this.#isClosed) {
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
    this.#left -= 1;
    return !this.#isClosed;
  }
}

/**
 * The stream at this end of the channel, and the note that came with its end. A chunk is good until the
 * next is asked for: its memory then goes back to the sender, who needs it for another one.
 */
export class ReceivedBytes implements AsyncIterable<Uint8Array> {
  note = '';
  readonly #port: MessagePort;
  readonly #errors: Errors;

  constructor(port: MessagePort, errors: Errors) {
    this.#port = port;
    this.#errors = errors;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const port = this.#port;
    try {
      for await (const [message] of on(port, 'message', { close: ['close'] }) as AsyncIterable<
        [ByteMessage]
      >) {
        if ('error' in message) throw this.#errors.errorOf(message.error);
        if ('end' in message) {
          this.note = message.end;
          return;
        }
        yield message.chunk;
        port.postMessage(message.chunk satisfies UsedChunk, [message.chunk.buffer]);
        // Node hands out what comes in here for as long as there is more, and forgets its other ports.
        await setImmediate();
      }
      throw new Error('the other thread ended before its stream');
    } finally {
      port.close();
    }
  }
}
