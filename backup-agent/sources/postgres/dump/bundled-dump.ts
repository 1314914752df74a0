import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { MessageChannel, Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { PostgresSession } from '../connection.ts';
import { MessageCounter } from './message-counter.ts';

/** The pg_dump of npm's pglite-tools, which is WebAssembly and runs everywhere. */
export const bundledMajorVersion = 18;

/** What the worker starts with. */
export interface BundledDumpTask {
  readonly args: readonly string[];
  /** What a server says when a session has started. */
  readonly greeting: Uint8Array;
  /** Not zero when an answer has been posted. */
  readonly posted: SharedArrayBuffer;
}

const answer = z.union([
  z.strictObject({ sql: z.string() }),
  z.strictObject({ failure: z.string() }),
]);
const request = z.strictObject({ bytes: z.instanceof(Uint8Array), replies: z.int() });

/** Parameters that a server reports when a session starts, and that pg_dump looks at. */
const reported = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'is_superuser',
  'session_authorization',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'integer_datetimes',
  'standard_conforming_strings',
  'default_transaction_read_only',
];

/**
 * Runs that pg_dump over a session of ours, which it uses up: TLS, passwords and tokens are settled
 * already, and pg_dump believes that it has just signed in. It calls back for bytes and cannot wait
 * otherwise, so it has a thread of its own. Returns the dump, or pg_dump's own words.
 */
export async function runBundledDump(
  session: PostgresSession,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly stdout: string; readonly failure?: string }> {
  const greeting = await greet(session);
  const socket = socketOf(session);
  const { port1: ours, port2: theirs } = new MessageChannel();
  const posted = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const task: BundledDumpTask = { args, greeting, posted };
  const worker = new Worker(new URL('bundled-dump-worker.ts', import.meta.url), {
    workerData: { task, port: theirs },
    transferList: [theirs],
    // Nothing of the surroundings decides anything.
    env: {},
    argv: [],
    stdout: true,
    stderr: true,
  });
  const relay = new Relay(socket, (bytes) => {
    ours.postMessage(bytes, []);
    const flag = new Int32Array(posted);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
  ours.on('message', (message: unknown) => relay.send(request.parse(message)));
  try {
    const [found]: unknown[] = await Promise.race([
      once(worker, 'message', { signal }),
      once(worker, 'exit', { signal }),
    ]);
    const result = answer.parse(found);
    if ('sql' in result) return { stdout: result.sql };
    return { stdout: '', failure: result.failure };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return { stdout: '', failure: `the bundled pg_dump does not run: ${reason}` };
  } finally {
    relay.close();
    ours.close();
    await worker.terminate();
  }
}

/** The messages that start a session: signed in, the parameters, a key that is not needed, ready. */
async function greet({ client }: PostgresSession): Promise<Buffer> {
  const { rows } = await client.query(
    'SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name',
    [reported],
  );
  const parameters = z.array(z.object({ name: z.string(), value: z.string().nullable() }));
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    ...parameters
      .parse(rows)
      .flatMap(({ name, value }) =>
        value === null ? [] : [message('S', Buffer.from(`${name}\0${value}\0`))],
      ),
    message('K', Buffer.alloc(8)),
    message('Z', Buffer.from('I')),
  ]);
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** The driver keeps its socket to itself; from here on it must not read from it. */
function socketOf({ client }: PostgresSession): Duplex {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown =
    typeof connection === 'object' && connection !== null && Reflect.get(connection, 'stream');
  if (!(stream instanceof Duplex)) throw new TypeError('the driver has no stream');
  stream.removeAllListeners('data');
  return stream;
}

/** Passes requests on to the server and whole answers back. */
class Relay {
  readonly #socket: Duplex;
  readonly #onAnswer: (bytes: Uint8Array) => void;
  readonly #ready = new MessageCounter('Z');
  #expected = 0;
  #parts: Buffer[] = [];

  constructor(socket: Duplex, onAnswer: (bytes: Uint8Array) => void) {
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    socket.on('data', this.#receive);
    socket.once('close', this.#end);
  }

  send({ bytes, replies }: z.infer<typeof request>): void {
    this.#expected += replies;
    if (this.#socket.destroyed) this.#end();
    else this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.off('data', this.#receive);
    this.#socket.off('close', this.#end);
    this.#socket.resume();
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#parts.push(chunk);
    this.#expected -= this.#ready.count(chunk);
    if (this.#expected === 0) this.#deliver();
  };

  /** What the server said last, or nothing, which pg_dump reads as the end of the connection. */
  readonly #end = (): void => this.#deliver();

  #deliver(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#onAnswer(new Uint8Array(bytes));
  }
}
