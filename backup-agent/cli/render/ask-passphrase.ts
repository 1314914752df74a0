import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Asks on the terminal, without showing what is typed. Ctrl-C rejects, as an abort does. */
export async function askPassphrase(
  where: string,
  { stdin, stderr, signal }: Terminal,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  const interrupted = new AbortController();
  lines.on('SIGINT', () => interrupted.abort(new Error('no passphrase was given')));
  stderr.write(`Passphrase for ${where}: `);
  try {
    return await lines.question('', { signal: AbortSignal.any([signal, interrupted.signal]) });
  } finally {
    stderr.write('\n');
    lines.close();
  }
}
