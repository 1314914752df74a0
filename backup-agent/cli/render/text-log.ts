import type { Log } from '../../sources/source.ts';
import type { Output } from './output.ts';

/** The log of a command that a person runs: warnings and worse, as text on stderr. */
export function createTextLog(output: Output): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, message) => output.warn(message),
    error: (_, message) => output.warn(message),
  };
}

/** The same with every event, for a person who watches a daemon. */
export function createEventLog(output: Output): Log {
  return {
    ...createTextLog(output),
    info: (details, message) => output.info(`${message}${aboutRun(details)}`),
    warn: (details, message) => output.warn(`${message}${aboutRun(details)}`),
    error: (details, message) => output.warn(`${message}${aboutRun(details)}`),
  };
}

function aboutRun(details: object): string {
  const job = 'job' in details ? String(details.job) : undefined;
  const kind = 'kind' in details ? ` ${String(details.kind)}` : '';
  return job === undefined ? '' : ` (${job}${kind})`;
}
