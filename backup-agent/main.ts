import { runCommandLine } from './cli/program.ts';
import { exitCodes } from './errors/exit-codes.ts';
import { tuneGarbageCollection } from './stream/garbage-collection.ts';

const stop = new AbortController();
const signals = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;

let signalled: number | undefined;
for (const [signal, code] of Object.entries(signals)) {
  process.on(signal, () => {
    // The first signal asks for a clean end; whoever sends a second one wants out at once.
    if (signalled !== undefined) process.exit(code);
    signalled = code;
    stop.abort(new Error(`stopped by ${signal}`));
  });
}

// Who reads the output may have seen enough (`holdfast log | head`): the work goes on, unseen.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

tuneGarbageCollection();

const code = await runCommandLine(process.argv.slice(2), {
  signal: stop.signal,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // Only a daemon listens: for all else a hangup ends the process, as it always did.
  onHangup: (listener) => process.on('SIGHUP', listener),
});
process.exitCode = signalled ?? code;
