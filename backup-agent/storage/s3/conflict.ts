import { HoldfastError, isHoldfastError } from '../../errors/holdfast-error.ts';
import type { StoredObject } from '../storage.ts';
import { placeOf, type S3Context } from './context.ts';
import { failureOf } from './errors.ts';
import { putIdName, type Put } from './put-input.ts';
import { headObject, storedObject } from './read.ts';

/**
 * Stores, and when that fails finds out whether it took effect all the same: an answer may get lost,
 * and the repeated request then meets its own object (412), a multipart upload that is already
 * complete (404), or a conflict with itself (409). The object's put id decides whose it is.
 */
export async function settleConflict<Result extends object>(
  context: S3Context,
  put: Put,
  sizeBytes: number,
  store: () => Promise<Result>,
): Promise<Result | StoredObject> {
  try {
    return await store();
  } catch (error) {
    put.options.signal?.throwIfAborted();
    if (!isDoubtful(error)) throw error;
    const present = await headObject(context, put.key, put.options).catch(() => 'unknown' as const);
    if (present !== undefined && present !== 'unknown')
      if (present.Metadata?.[putIdName] === put.id && present.ContentLength === sizeBytes)
        return storedObject(put.key, present);
    throw asConflict(context, put, error, present !== undefined && present !== 'unknown');
  }
}

/** Every refusal for the state of the key, and whatever has no clear answer. */
function isDoubtful(error: unknown): boolean {
  if (!isHoldfastError(error)) return false;
  const { status } = failureOf(error.cause);
  return status === undefined || status >= 500 || [404, 409, 412].includes(status);
}

function asConflict(
  context: S3Context,
  { key, options }: Put,
  error: unknown,
  someoneElses: boolean,
): unknown {
  const { status } = failureOf(isHoldfastError(error) ? error.cause : error);
  const place = placeOf(context, key);
  const refused = status === 412 || ((status === 409 || status === 404) && someoneElses);
  if (
    options.ifMatch !== undefined &&
    (refused || isHoldfastError(error, 'storage-object-missing'))
  )
    return new HoldfastError('storage-changed', `${place} changed or is gone`, { cause: error });
  if (options.ifAbsent === true && refused)
    return new HoldfastError('storage-object-exists', `${place} already exists`, { cause: error });
  return error;
}
