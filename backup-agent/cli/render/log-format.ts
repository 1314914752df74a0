import { Option, type Command } from 'commander';
import type { Log } from '../../sources/source.ts';
import { createJsonLog } from './json-log.ts';
import type { Output } from './output.ts';
import { createEventLog, createTextLog } from './text-log.ts';

export type LogFormat = 'json' | 'text';

export function addLogFormat(command: Command, usual: LogFormat): void {
  command.addOption(
    new Option('--log-format <format>', 'events on stderr: a JSON object a line, or text')
      .choices(['json', 'text'])
      .default(usual),
  );
}

/** The log of a command that works unwatched: on stderr, for stdout belongs to results. */
export function createLog(format: LogFormat, output: Output): Log {
  if (format === 'json') return createJsonLog(output.stderr);
  return output.quiet ? createTextLog(output) : createEventLog(output);
}
