import type { Command } from 'commander';
import type { Environment } from '../config/environment.ts';
import type { Output } from './render/output.ts';

/** What every command gets; options of the program itself are already taken into account. */
export interface CommandContext {
  readonly output: Output;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** A file, `ssm:` or `env:`; from `--config`, HOLDFAST_CONFIG, or `holdfast.yaml` in the current folder. */
  readonly configFile: string;
  readonly now: () => Date;
  /** Calls the listener at each SIGHUP, which from then on no longer ends the process. */
  readonly onHangup: (listener: () => void) => void;
  /** Asks a person for the passphrase of an identity file; absent where nobody sits at a terminal. */
  readonly askPassphrase?: (where: string) => Promise<string>;
}

/** What a command ends with when nothing was thrown; undefined means `exitCodes.ok`. */
export type ExitCode = number | undefined;

/**
 * One command. `define` adds it to the program; its action calls `run` with what was parsed, and the
 * program turns results and failures into exit codes.
 */
export interface CommandModule {
  define(program: Command, run: Runner): void;
}

export type Runner = (
  action: (context: CommandContext) => Promise<ExitCode | void>,
) => Promise<void>;
