import { normalPrefix, type S3StorageOptions } from './options.ts';
import type { S3Requests } from './requests.ts';

/** What the parts of one opened storage share. */
export interface S3Context {
  readonly options: S3StorageOptions;
  readonly bucket: string;
  readonly prefix: string;
  readonly location: string;
  readonly requests: S3Requests;
  readonly clock: () => Date;
}

export function s3Key(context: S3Context, key: string): string {
  return context.prefix + key;
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
