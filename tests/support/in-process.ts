import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../../backup-agent/cli/program.ts';

/** Runs a command line without a process of its own, where many are tried; stderr is in stdout. */
export async function inProcess(
  argv: readonly string[],
  signal = new AbortController().signal,
): Promise<{ exitCode: number; stdout: string }> {
  const written = new PassThrough();
  // A stream that is no terminal is all that help needs of a WriteStream.
  const stream = written as unknown as NodeJS.WriteStream;
  const io = {
    signal,
    stdin: process.stdin,
    stdout: stream,
    stderr: stream,
    onHangup: () => () => undefined,
  };
  const exitCode = await runCommandLine(argv, io);
  written.end();
  return { exitCode, stdout: await text(written) };
}
