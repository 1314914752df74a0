import type { S3Client } from '@aws-sdk/client-s3';
import { retrying, withAdvice, type RetryPolicy } from '../retry-policy.ts';
import { toStorageError } from './errors.ts';

/**
 * Sends requests: with retries, the storage's errors, and an eye on the server's clock. A request
 * whose attempts are used up is final for the callers above.
 */
export class S3Requests {
  readonly client: S3Client;
  readonly #policy: RetryPolicy;
  readonly #clock: () => Date;
  #serverDate: { readonly date: Date; readonly seenAt: Date } | undefined;

  constructor(client: S3Client, policy: RetryPolicy, clock: () => Date) {
    this.client = client;
    this.#policy = policy;
    this.#clock = clock;
    client.middlewareStack.add(
      (next) => async (request) => {
        try {
          const result = await next(request);
          this.#noteDate(result.response);
          return result;
        } catch (error) {
          this.#noteDate((error as { $response?: unknown }).$response);
          throw error;
        }
      },
      { step: 'deserialize', name: 'holdfastServerDate', priority: 'high' },
    );
  }

  /** `what` begins the error's message: what was to be done with which object. */
  async send<Output>(
    what: string,
    signal: AbortSignal | undefined,
    call: (options: { abortSignal?: AbortSignal }) => Promise<Output>,
  ): Promise<Output> {
    try {
      return await retrying(this.#policy, signal, () => this.#once(what, signal, call));
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof Error ? withAdvice(error, { retryable: false }) : error;
    }
  }

  /** The server's clock by its last answer, and what has passed since. */
  get serverDate(): Date | undefined {
    if (this.#serverDate === undefined) return undefined;
    const { date, seenAt } = this.#serverDate;
    return new Date(date.getTime() + this.#clock().getTime() - seenAt.getTime());
  }

  forgetServerDate(): void {
    this.#serverDate = undefined;
  }

  async #once<Output>(
    what: string,
    signal: AbortSignal | undefined,
    call: (options: { abortSignal?: AbortSignal }) => Promise<Output>,
  ): Promise<Output> {
    try {
      return await call(signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw toStorageError(error, what);
    }
  }

  #noteDate(response: unknown): void {
    const { headers } = (response ?? {}) as { headers?: Record<string, string> };
    const date = new Date(headers?.['date'] ?? Number.NaN);
    if (!Number.isNaN(date.getTime())) this.#serverDate = { date, seenAt: this.#clock() };
  }
}
