import { S3ServiceException } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { withAdvice } from '../retry-policy.ts';

/** What went wrong, in the terms of S3 and HTTP. */
export interface S3Failure {
  readonly name: string;
  readonly message: string;
  /** The answer's x-amz-delete-marker. */
  readonly deleteMarker: boolean;
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
}

/** "Error responses" in the S3 API reference: refusals that pass by themselves. */
const passingCodes = new Set([
  'SlowDown',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
  'ConditionalRequestConflict',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);

const passingStatuses = new Set([408, 429, 500, 502, 503, 504]);

const fullCodes = /^(QuotaExceeded|InsufficientStorage|XMinioStorageFull|EntityTooLarge)/;

export function failureOf(error: unknown): S3Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const { $metadata, $response, code } = (error ?? {}) as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
    code?: string;
  };
  return {
    name: error instanceof S3ServiceException ? name : (code ?? name),
    message: message === 'UnknownError' ? '' : message,
    deleteMarker: $response?.headers?.['x-amz-delete-marker'] === 'true',
    status: $metadata?.httpStatusCode ?? $response?.statusCode,
    retryAfterMs: retryAfterMs($response?.headers?.['retry-after']),
  };
}

/** RFC 9110, section 10.2.3; the form in seconds, which is what object stores send. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1000 : undefined;
}

/**
 * A failed request as the storage's error, with advice whether to repeat it. What neither the network
 * nor the server caused is a defect, and stays as it is.
 */
export function toStorageError(error: unknown, what: string): unknown {
  if (error instanceof HoldfastError || !isOfTheWorld(error)) return error;
  const failure = failureOf(error);
  const name = isBare(failure) ? `HTTP ${failure.status}` : failure.name;
  const said = [name, failure.message].filter((part) => part !== '').join(': ');
  const text = `${what}: ${said}`;
  const { code, hint } = classify(failure);
  return withAdvice(
    new HoldfastError(code, text, { cause: error, ...(hint === undefined ? {} : { hint }) }),
    {
      retryable: isPassing(failure),
      ...(failure.retryAfterMs === undefined ? {} : { afterMs: failure.retryAfterMs }),
    },
  );
}

const worldlyNames = /^(TimeoutError|CredentialsProviderError|TokenProviderError)$/;

function isOfTheWorld(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    '$metadata' in error ||
    '$response' in error ||
    'code' in error ||
    worldlyNames.test(error.name) ||
    error.message === regionIsMissing
  );
}

/** The SDK's words when neither options, environment nor profile name a region. */
const regionIsMissing = 'Region is missing';

function classify({ name, message, status, deleteMarker }: S3Failure): {
  code: HoldfastError['code'];
  hint?: string;
} {
  if (name === 'NoSuchBucket')
    return { code: 'storage-unreachable', hint: 'create the bucket, or correct its name' };
  if (isMissing({ name, status, deleteMarker })) return { code: 'storage-object-missing' };
  if (fullCodes.test(name) || status === 507) return { code: 'storage-full' };
  if (/object lock|legal hold|WORM/i.test(message) && status === 403)
    return { code: 'storage-locked' };
  if (name === 'RequestTimeTooSkewed')
    return { code: 'storage-unreachable', hint: 'correct the clock of this machine' };
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError')
    return {
      code: 'storage-denied',
      hint: 'no AWS credentials were found: set a profile, a role or the environment variables',
    };
  if (name === 'InvalidObjectState')
    return {
      code: 'storage-unreachable',
      hint: 'the object lies in an archive storage class: restore it there first',
    };
  if (message === regionIsMissing)
    return { code: 'storage-unreachable', hint: 'set the region of the repository' };
  if (status === 403 || status === 401)
    return {
      code: 'storage-denied',
      ...(isBare({ name, status }) ? { hint: bareRefusal } : {}),
    };
  return { code: 'storage-unreachable' };
}

/** The answer to a HEAD has no body, so that the SDK knows no name of what is wrong. */
function isBare({ name, status }: Pick<S3Failure, 'name' | 'status'>): boolean {
  return status !== undefined && /^(Unknown|UnknownError|Forbidden|\d{3})$/.test(name);
}

const bareRefusal =
  "the storage does not say why: the credentials are wrong or lack a right that docs/security-model.md lists for this role, or this machine's clock is wrong by more than 15 minutes";

/** A marker's own version answers 405, and has no content either. */
function isMissing({
  name,
  status,
  deleteMarker,
}: Pick<S3Failure, 'name' | 'status' | 'deleteMarker'>): boolean {
  if (name === 'NoSuchBucket' || name === 'NoSuchUpload') return false;
  const missing = ['NoSuchKey', 'NotFound', 'NoSuchVersion'].includes(name) || status === 404;
  return missing || (status === 405 && deleteMarker);
}

function isPassing({ name, message, status }: S3Failure): boolean {
  if (passingCodes.has(name)) return true;
  if (name === 'CredentialsProviderError' || message === regionIsMissing) return false;
  return status === undefined || passingStatuses.has(status);
}
