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

/** The errors of one pair of threads: one that comes back is the very error that was sent. */
export class Errors {
  readonly #sent: unknown[] = [];
  /** The numbers that the other thread knows its errors by. */
  readonly #received = new WeakMap<Error, number>();

  messageOf(error: unknown): ErrorMessage {
    if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
    const { name, message, stack } = error;
    const known = this.#received.get(error);
    if (known !== undefined) return { name, message, origin: -known };
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
    const { origin } = message;
    if (origin !== undefined && origin < 0) return this.#sent[-origin - 1];
    const error = revive(message);
    if (origin !== undefined) this.#received.set(error, origin);
    return error;
  }
}

function revive({ name, message, stack, code, expected }: ErrorMessage): Error {
  if (expected && code !== undefined && isErrorCode(code))
    return new HoldfastError(code, message, expected);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

function isErrorCode(code: string): code is ErrorCode {
  return code in catalogue;
}
