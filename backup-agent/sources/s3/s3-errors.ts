import { S3ServiceException } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** Requests, and bodies without a byte more, are tried so often. */
export const attempts = 4;
const firstPauseMs = 200;

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

export function isMissingBucket(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchBucket';
}

/** The object that was asked for is not there any more, or not as it was. */
export function isGoneOrOther(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || (status === 404 && !isMissingBucket(error));
}

/** No answer, or one that says to come again: Amazon S3 API reference, "Error responses". */
function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined || status >= 500 || status === 429) return true;
  return error instanceof S3ServiceException && error.name === 'RequestTimeout';
}

/**
 * Sends a body again when it failed for a passing reason, which the client does not where it is a stream.
 *
 * @param open - gives the body, anew each time; when this settles, none is read any more
 */
export async function sendingAgain<T>(
  open: () => Readable,
  signal: AbortSignal,
  send: (body: Readable, attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const body = open();
    try {
      return await send(body, attempt);
    } catch (error) {
      if (attempt === attempts || signal.aborted || !isPassing(error)) throw error;
    } finally {
      body.destroy();
    }
    await delay(firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
  }
}
