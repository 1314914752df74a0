import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { Log } from '../../sources/source.ts';
import { formatTime } from './format.ts';
import type { Output } from './output.ts';

/** The log of a command that a person runs, as text on stderr. */
export function createTextLog(output: Output): Log {
  return {
    debug: () => undefined,
    info: (_, message) => output.info(message),
    warn: (_, message) => output.warn(message),
    error: (_, message) => output.warn(message),
  };
}

const colours = { info: 'green', warn: 'yellow', error: 'red' } as const;

/**
 * One line an event, for a person who watches: local time, level, what happened, and in which run.
 * Quiet, it keeps warnings and worse.
 */
export function createEventLog(output: Output, now = () => new Date()): Log {
  const log = (level: keyof typeof colours) => (details: object, message: string) => {
    const shown = output.style(colours[level], level.padEnd(5));
    const text = `${message}${aboutError(details, message)}${aboutRun(details)}`;
    output.stderr.write(`${formatTime(now())} ${shown} ${onOneLine(text)}\n`);
  };
  return {
    debug: () => undefined,
    info: output.quiet ? () => undefined : log('info'),
    warn: log('warn'),
    error: log('error'),
  };
}

function aboutError(details: object, message: string): string {
  const error = 'error' in details ? details.error : undefined;
  if (!(error instanceof Error)) return '';
  const problems = isHoldfastError(error) ? error.problems : [];
  const what = [
    ...(message.includes(error.message) ? [] : [error.message]),
    ...problems.map((problem) => `${problem.where}: ${problem.what}`),
  ];
  return what.length === 0 ? '' : `: ${what.join('; ')}`;
}

const shortId = 8;

function aboutRun(details: object): string {
  if (!('job' in details)) return '';
  const kind = 'kind' in details ? ` ${String(details.kind)}` : '';
  const run = 'run' in details ? `, run ${String(details.run).slice(0, shortId)}` : '';
  return ` (${String(details.job)}${kind}${run})`;
}

/** What a server or a file name put into a message neither breaks the line nor moves the cursor. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
}
