import {
  parentPort,
  receiveMessageOnPort,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import type { BundledDumpTask } from './bundled-dump.ts';
import { MessageCounter } from './message-counter.ts';

/** A thread for pg_dump, whose callbacks must answer before they return. See `runBundledDump`. */
const { task, port } = workerData as { task: BundledDumpTask; port: MessagePort };

/** Queries and synchronisations: what a server answers with "ready". */
const answered = new MessageCounter('QSF');
const posted = new Int32Array(task.posted);
let started = false;

/** The face of PGlite that pgDump uses, over a session with a real server. */
const server = {
  // pgDump restores the search path of a session that goes on; ours does not.
  query: async () => ({ rows: [{ search_path: "''" }] }),
  exec: async () => [],
  execProtocolRawStream(
    bytes: Uint8Array,
    { onRawData }: { readonly onRawData: (bytes: Uint8Array) => void },
  ): void {
    if (!started) {
      // The start of a session is one short message; the session behind has started already.
      started = true;
      onRawData(task.greeting);
      return;
    }
    const replies = answered.count(bytes);
    if (bytes[0] === terminate) return;
    port.postMessage({ bytes: Uint8Array.from(bytes), replies }, []);
    if (replies > 0) onRawData(waitForAnswer());
  },
};

const terminate = 'X'.charCodeAt(0);

function waitForAnswer(): Uint8Array {
  for (;;) {
    Atomics.store(posted, 0, 0);
    const received = receiveMessageOnPort(port);
    if (received) return received.message as Uint8Array;
    Atomics.wait(posted, 0, 0);
  }
}

/**
 * pglite-tools takes out every line that begins with `\restrict`, also those of function bodies and
 * comments. Nothing else in this thread replaces such lines, so here none are replaced.
 */
const keepLines: ProxyHandler<string['replace']> = {
  apply: (replace, text: string, [pattern, by]: [unknown, string]) =>
    pattern instanceof RegExp && pattern.source.includes('restrict')
      ? text
      : Reflect.apply(replace, text, [pattern, by]),
};

try {
  const replace = Reflect.get(String.prototype, 'replace');
  Object.assign(String.prototype, { replace: new Proxy(replace, keepLines) });
  // Not a PGlite, but all of it that is used.
  const file = await pgDump({ pg: server as never, args: [...task.args] });
  parentPort?.postMessage({ sql: await file.text() }, []);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  parentPort?.postMessage({ failure: text.replaceAll(/\s+/g, ' ').trim() }, []);
}
