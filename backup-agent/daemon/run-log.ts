import type { Agent } from '../operations/agent.ts';

type Log = Agent['log'];

/** The same log, each of whose events has these details too; its own win. */
export function withDetails(log: Log, details: object): Log {
  return {
    debug: (own, message) => log.debug({ ...details, ...own }, message),
    info: (own, message) => log.info({ ...details, ...own }, message),
    warn: (own, message) => log.warn({ ...details, ...own }, message),
    error: (own, message) => log.error({ ...details, ...own }, message),
  };
}
