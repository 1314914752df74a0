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
