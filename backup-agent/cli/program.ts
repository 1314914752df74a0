import { Command, CommanderError } from 'commander';
import { readEnvironment, type Environment } from '../config/environment.ts';
import { exitCodes } from '../errors/exit-codes.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import { version } from '../version.ts';
import type { CommandModule, Runner } from './command.ts';
import { commandsFor } from './commands/index.ts';
import { askPassphrase } from './render/ask-passphrase.ts';
import { createOutput, type Output } from './render/output.ts';

export interface CommandLineIo {
  readonly signal: AbortSignal;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly onHangup: (listener: () => void) => void;
}

/** Runs one command line and returns its exit code; never throws. */
export async function runCommandLine(argv: readonly string[], io: CommandLineIo): Promise<number> {
  const environment = readEnvironment();
  let exitCode: number = exitCodes.ok;
  const program = createProgram(io, environment, await commandsFor(argv), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw error;
  }
}

function createProgram(
  io: CommandLineIo,
  environment: Environment,
  commands: readonly CommandModule[],
  setExitCode: (code: number) => void,
): Command {
  const program = new Command('holdfast')
    .description('Backups of a CRM that prove they restore.')
    .version(version)
    .option(
      '-c, --config <place>',
      'configuration: a file, ssm:<parameter> or env:<variable> (default: $HOLDFAST_CONFIG or holdfast.yaml)',
    )
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print results, warnings and errors only')
    .option('--no-color', 'never colour the output, nor draw it in place')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for usage)')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .exitOverride()
    .addHelpText('after', `\nExit codes are listed in docs/error-codes.md.`);
  const run: Runner = async (action) => {
    const options: ProgramOptions = program.opts();
    const output = createOutput({
      json: options.json ?? false,
      quiet: options.quiet ?? false,
      plain: environment.plainOutput || !options.color,
      stdout: io.stdout,
      stderr: io.stderr,
    });
    setExitCode(
      await settle(output, io.signal, whenStopped(program.args[0]), () =>
        action({
          output,
          environment,
          signal: io.signal,
          configFile: options.config ?? environment.configFile ?? 'holdfast.yaml',
          now: () => new Date(),
          onHangup: io.onHangup,
          ...(io.stdin.isTTY && io.stderr.isTTY
            ? { askPassphrase: (where: string) => askPassphrase(where, io) }
            : {}),
        }),
      ),
    );
  };
  for (const command of commands) command.define(program, run);
  return program;
}

interface ProgramOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** What becomes of what a signal interrupted. */
function whenStopped(command: string | undefined): string {
  if (command === 'restore')
    return 'stopped; the target is unfinished: the same command, run again, goes on where it stopped';
  const commits = command === 'backup' || command === 'copy' || command === 'run';
  return commits ? 'stopped; what was not committed is cleaned up by prune' : 'stopped';
}

async function settle(
  output: Output,
  signal: AbortSignal,
  stopped: string,
  action: () => Promise<number | undefined | void>,
): Promise<number> {
  try {
    return (await action()) ?? exitCodes.ok;
  } catch (error) {
    if (signal.aborted) {
      output.info(stopped);
      return exitCodes.interrupted;
    }
    output.failure(error);
    return isHoldfastError(error) ? error.exitCode : exitCodes.bug;
  }
}
