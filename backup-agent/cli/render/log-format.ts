import { Option, type Command } from 'commander';
import type { Log } from '../../sources/source.ts';
import { createJsonLog } from './json-log.ts';
import type { Output } from './output.ts';
import { createEventLog } from './text-log.ts';

export type LogFormat = 'json' | 'text';

export function addLogFormat(command: Command, usual?: LogFormat): void {
  const option = new Option(
    '--log-format <format>',
    `events on stderr: a JSON object a line, or text${usual ? '' : ' (default: text on a terminal, json elsewhere)'}`,
  ).choices(['json', 'text']);
  command.addOption(usual ? option.default(usual) : option);
}

/** The log of a command that works unwatched: on stderr, for stdout belongs to results. */
export function createLog(format: LogFormat, output: Output): Log {
  if (format === 'json') return createJsonLog(output.stderr, output.quiet ? 'warn' : 'info');
  return createEventLog(output);
}
