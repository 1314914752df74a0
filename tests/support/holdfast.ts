import { join } from 'node:path';
import { execa } from 'execa';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'holdfast');

export interface CliResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user would, in its own process, without a terminal. */
export async function holdfast(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<CliResult> {
  const { exitCode, stdout, stderr } = await execa(launcher, argv, {
    reject: false,
    stdin: 'ignore',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
  });
  return { exitCode, stdout, stderr };
}
