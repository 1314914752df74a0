import { S3ServiceException } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** Requests, and bodies without a byte more, are tried so often. */
export const requestAttempts = 4;
const firstPauseMs = 200;

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

export function isMissingBucket(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchBucket';
}

/** What a bucket is used for: its errors are those of the source, or of the target. */
export type BucketRole = 'source' | 'target';

const codes = {
  source: {
    missing: 'source-missing',
    denied: 'source-denied',
    other: 'source-unreachable',
  },
  target: { missing: 'target-unsuitable', denied: 'target-denied', other: 'target-failed' },
} as const;

const hints = {
  source: {
    missing: undefined,
    denied: 'compare the credentials with the rights that docs/operations/attachments.md lists',
    other: 'check the network, the endpoint and the region; the command can be run again',
  },
  target: {
    missing: 'make the bucket, or name another one; nothing was changed',
    denied: 'compare the credentials with the rights that docs/operations/attachments.md lists',
    other: 'run the same command again with --into skip: it goes on where it stopped',
  },
} as const;

/** An error of ours for what S3, or the way to it, said; of one object, or of the bucket. */
export function bucketFailure(
  role: BucketRole,
  location: string,
  key: string | undefined,
  cause: unknown,
): HoldfastError {
  const isDenied = [401, 403].includes(statusOf(cause) ?? 0);
  const kind = isMissingBucket(cause) ? 'missing' : isDenied ? 'denied' : 'other';
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const where = key === undefined ? location : `${location}: ${JSON.stringify(key)}`;
  const hint = hints[role][kind];
  return new HoldfastError(codes[role][kind], `${where}: ${said}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What S3 calls a refusal of one object, of which others tell nothing: no right to it, or it is archived. */
const refusals = new Set(['AccessDenied', 'InvalidObjectState']);

export function isDenied(error: unknown): error is S3ServiceException {
  return error instanceof S3ServiceException && refusals.has(error.name);
}

/** The object that was asked for is not there any more, or not as it was, or may not be read by now. */
export function isLost(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || isDenied(error) || (status === 404 && !isMissingBucket(error));
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
      if (attempt === requestAttempts || signal.aborted || !isPassing(error)) throw error;
    } finally {
      body.destroy();
    }
    await delay(firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
  }
}
