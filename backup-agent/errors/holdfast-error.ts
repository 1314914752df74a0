import { catalogue, type ErrorCode } from './catalogue.ts';
import { exitCodes } from './exit-codes.ts';

/** One of several things wrong at once: where it is, and what is wrong there. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

export interface HoldfastErrorOptions {
  readonly cause?: unknown;
  /** Everything that is wrong, when it is more than the message can carry. */
  readonly problems?: readonly Problem[];
  /** Replaces the catalogue's hint where the place of failure knows better advice. */
  readonly hint?: string;
}

/**
 * An expected failure. Its message says what happened and to what, in lower case without a full
 * stop; the hint says what to do next. Never put a secret into either.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.hint = options.hint ?? catalogue[code].hint;
  }

  get exitCode(): number {
    return exitCodes[catalogue[this.code].exit];
  }

  /** Whether running the same command again, unchanged, may succeed and cannot do harm. */
  get retrySafe(): boolean {
    return catalogue[this.code].retrySafe;
  }
}

/** Whether something is damaged, missing or forged, rather than out of reach. */
export function isIntegrity(error: HoldfastError): boolean {
  return error.exitCode === exitCodes.integrity;
}

export function isHoldfastError(error: unknown, code?: ErrorCode): error is HoldfastError {
  return error instanceof HoldfastError && (code === undefined || error.code === code);
}
