import { setTimeout as delay } from 'node:timers/promises';
import { isHoldfastError } from '../errors/holdfast-error.ts';

export interface RetryPolicy {
  /** Calls in all, the first one counted. */
  readonly attempts: number;
  /** The longest pause after the first failure; it doubles with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** From 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly sleep: (pauseMs: number, signal?: AbortSignal) => Promise<void>;
  /** Told before each pause, so that somebody may count. */
  readonly onRetry?: () => void;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 8,
  firstPauseMs: 200,
  longestPauseMs: 20_000,
  random: Math.random,
  sleep: async (pauseMs, signal) =>
    delay(pauseMs, undefined, signal === undefined ? {} : { signal }),
};

/** What a storage knows of a failure beyond its code. */
export interface RetryAdvice {
  readonly retryable: boolean;
  /** The server's Retry-After. */
  readonly afterMs?: number;
}

const advices = new WeakMap<object, RetryAdvice>();

/** Attaches advice to an error, and gives the error back. */
export function withAdvice<Failure extends object>(error: Failure, advice: RetryAdvice): Failure {
  advices.set(error, advice);
  return error;
}

/** Without advice only `storage-unreachable` is worth another attempt: every other error is final. */
export function adviceOf(error: unknown): RetryAdvice {
  const advice = typeof error === 'object' && error !== null ? advices.get(error) : undefined;
  return advice ?? { retryable: isHoldfastError(error, 'storage-unreachable') };
}

/**
 * Calls until it succeeds, fails for good, or the attempts are used up; the last error is thrown.
 * Pauses are exponential with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog),
 * and never shorter than the server asked for.
 */
export async function retrying<Result>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  call: (attempt: number) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await call(attempt);
    } catch (error) {
      await pauseOrThrow(policy, signal, attempt, error);
    }
  }
}

/** Waits before the next attempt, or throws the error when there shall be none. */
export async function pauseOrThrow(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: number,
  error: unknown,
): Promise<void> {
  signal?.throwIfAborted();
  const { retryable, afterMs = 0 } = adviceOf(error);
  if (!retryable || attempt >= policy.attempts) throw error;
  policy.onRetry?.();
  const ceilingMs = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (attempt - 1));
  try {
    await policy.sleep(Math.max(afterMs, policy.random() * ceilingMs), signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
