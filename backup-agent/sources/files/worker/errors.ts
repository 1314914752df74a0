import { catalogue, type ErrorCode } from '../../../errors/catalogue.ts';
import { HoldfastError, isHoldfastError, type Problem } from '../../../errors/holdfast-error.ts';

/** An error on its way between threads, where it cannot go as what it is. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly expected?: { readonly hint: string; readonly problems: readonly Problem[] };
  /** The thread that it came from still has the error itself, under this number. */
  readonly origin?: number;
}

/** An error of the other thread. */
class ForeignError extends Error {
  readonly origin: number | undefined;

  constructor({ message, stack, name, origin }: ErrorMessage) {
    super(message);
    this.name = name;
    this.origin = origin;
    if (stack !== undefined) this.stack = stack;
  }
}

class ForeignHoldfastError extends HoldfastError {
  readonly origin: number | undefined;

  constructor(code: ErrorCode, { message, expected, origin }: ErrorMessage) {
    super(code, message, expected);
    this.origin = origin;
  }
}

/** The errors of one pair of threads: one that comes back is the very error that was sent. */
export class Errors {
  readonly #sent: unknown[] = [];

  messageOf(error: unknown): ErrorMessage {
    if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
    const { name, message, stack } = error;
    if (error instanceof ForeignError || error instanceof ForeignHoldfastError)
      return { name, message, ...(error.origin === undefined ? {} : { origin: -error.origin }) };
    return {
      name,
      message,
      // Counted from one, for the sign tells whose it is.
      origin: this.#sent.push(error),
      ...(stack === undefined ? {} : { stack }),
      ...('code' in error ? { code: String(error.code) } : {}),
      ...(isHoldfastError(error)
        ? { expected: { hint: error.hint, problems: error.problems } }
        : {}),
    };
  }

  /** The error itself where it began in this thread, else one that says the same. */
  errorOf(message: ErrorMessage): unknown {
    const { origin = 0, code, expected } = message;
    if (origin < 0) return this.#sent[-origin - 1];
    return expected && code !== undefined && isErrorCode(code)
      ? new ForeignHoldfastError(code, message)
      : new ForeignError(message);
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return code in catalogue;
}
