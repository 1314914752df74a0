import { styleText } from 'node:util';
import { isHoldfastError, type HoldfastError } from '../../errors/holdfast-error.ts';

type Style = Parameters<typeof styleText>[0];

/** How a command speaks: results on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether somebody watches stderr, so that progress may be drawn in place. */
  readonly interactive: boolean;
  readonly stderr: NodeJS.WriteStream;
  /** Characters in a line of the terminal that shows results; absent for files and pipes. */
  readonly columns?: number;
  /** The command's result: `value` with --json, `text` otherwise. */
  result(value: unknown, text: string): void;
  /** For people; dropped with --quiet. */
  info(text: string): void;
  warn(text: string): void;
  failure(error: unknown): void;
  style(style: Style, text: string): string;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly plain: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function createOutput(options: OutputOptions): Output {
  const { json, quiet, stdout, stderr } = options;
  // A terminal of unknown size says 0: nothing can be drawn in place on it.
  const interactive = stderr.isTTY && stderr.columns > 0 && !options.plain && !json && !quiet;
  const colour = !options.plain && stdout.isTTY && stderr.isTTY;
  const style = (format: Style, text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    json,
    quiet,
    interactive,
    stderr,
    ...(stdout.isTTY && stdout.columns > 0 ? { columns: stdout.columns } : {}),
    style,
    result: (value, text) => {
      stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text === '' ? '' : `${text}\n`);
    },
    info: (text) => {
      if (!quiet) stderr.write(`${text}\n`);
    },
    warn: (text) => {
      stderr.write(`${style('yellow', 'warning:')} ${text}\n`);
    },
    failure: (error) => {
      stderr.write(json ? `${JSON.stringify(failureValue(error))}\n` : failureText(error, style));
    },
  };
}

function failureValue(error: unknown): object {
  if (isHoldfastError(error))
    return {
      error: {
        code: error.code,
        message: error.message,
        problems: error.problems,
        hint: error.hint,
        retrySafe: error.retrySafe,
      },
    };
  return { error: { code: 'bug', message: describeBug(error) } };
}

function failureText(error: unknown, style: Output['style']): string {
  if (!isHoldfastError(error))
    return `${style('red', 'bug:')} an unexpected error; please report it with these lines\n${describeBug(error)}\n`;
  return expectedFailure(error, style);
}

function expectedFailure(error: HoldfastError, style: Output['style']): string {
  const lines = [
    `${style('red', 'error:')} ${error.message}`,
    ...error.problems.map(({ where, what }) => `  - ${where}: ${what}`),
    `${style('cyan', 'hint:')} ${error.hint} (${error.code})`,
  ];
  return `${lines.join('\n')}\n`;
}

function describeBug(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
