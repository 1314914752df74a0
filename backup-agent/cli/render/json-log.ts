import { pino } from 'pino';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import type { Log } from '../../sources/source.ts';

/** One JSON object a line, an event each, with its level and time in UTC. */
export function createJsonLog(stream: NodeJS.WritableStream, level: 'info' | 'warn' = 'info'): Log {
  const logger = pino(
    {
      base: null,
      level,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: describeError },
    },
    stream,
  );
  return {
    debug: (details, message) => logger.debug(details, message),
    info: (details, message) => logger.info(details, message),
    warn: (details, message) => logger.warn(details, message),
    error: (details, message) => logger.error(details, message),
  };
}

/** Never its other properties: those of a library's error may hold a request with its secrets. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  if (!isHoldfastError(error)) return { ...code, message: error.message, stack: error.stack };
  const { problems, hint } = error;
  const found = problems.length === 0 ? {} : { problems };
  return { ...code, message: error.message, ...found, hint, stack: error.stack };
}
