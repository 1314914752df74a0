import { HoldfastError } from '../../errors/holdfast-error.ts';
import { normalPrefix, type S3StorageOptions } from './options.ts';
import type { S3Requests } from './requests.ts';
import type { UploadRoom } from './upload-room.ts';

/** What the parts of one opened storage share. */
export interface S3Context {
  readonly options: S3StorageOptions;
  readonly bucket: string;
  readonly prefix: string;
  readonly location: string;
  readonly requests: S3Requests;
  readonly room: UploadRoom;
  readonly clock: () => Date;
}

export function s3Key(context: S3Context, key: string): string {
  return context.prefix + key;
}

/**
 * A field that every true answer has. Without it the answer came from something else, such as a
 * proxy's login page with status 200, and must not pass for success or for an empty listing.
 */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value;
  throw new HoldfastError('storage-unreachable', `${what}: the answer is not one of S3`, {
    hint: 'check the endpoint, and whether a proxy answers in its place',
  });
}

/** How messages name an object. */
export function placeOf(context: S3Context, key: string): string {
  return `object ${JSON.stringify(key)} in ${context.location}`;
}

/** An unversioned bucket calls its only version "null". */
export function versionField(versionId: string | undefined): { version?: string } {
  return versionId === undefined || versionId === 'null' ? {} : { version: versionId };
}

export function prefixOf(options: S3StorageOptions): string {
  return normalPrefix(options.prefix ?? '');
}
