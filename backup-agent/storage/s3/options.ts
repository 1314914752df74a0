import type { RetryPolicy } from '../retry-policy.ts';

/** What a configuration says of an S3 repository, and what tests and special endpoints need. */
export interface S3StorageOptions {
  readonly bucket: string;
  /** Key prefix inside the bucket; a slash at its end is added. */
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
  /** For stores other than AWS. */
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  /** Of the shared AWS configuration files. */
  readonly profile?: string | undefined;
  readonly credentials?: S3Credentials | undefined;
  readonly assumeRole?:
    | { readonly arn: string; readonly externalId?: string | undefined }
    | undefined;
  readonly webIdentity?: { readonly roleArn: string; readonly tokenFile: string } | undefined;
  /** SSE-KMS with this key; without it the bucket's default encryption applies. */
  readonly kmsKeyId?: string | undefined;
  readonly storageClass?: string | undefined;
  /** The mode of locks set by `lockUntil`; without it no lock is set. */
  readonly objectLock?: 'governance' | 'compliance' | undefined;
  /** What the server verifies each upload by; `MD5` for endpoints that know no x-amz-checksum-*. */
  readonly checksumAlgorithm?: 'CRC32' | 'CRC32C' | 'SHA1' | 'SHA256' | 'MD5' | undefined;
  /** Bodies up to this size are put at once, larger ones in parts of it. S3 wants at least 5 MiB. */
  readonly partBytes?: number | undefined;
  /** Parts of all uploads under way at once; each upload holds up to two more in memory. */
  readonly partsAtOnce?: number | undefined;
  /** A connection on which nothing moves for so long counts as broken. */
  readonly idleTimeoutMs?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly clock?: (() => Date) | undefined;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const defaultPartBytes = 8 * 1024 * 1024;
export const defaultPartsAtOnce = 4;
export const defaultIdleTimeoutMs = 60_000;

/** Empty, or with one slash at its end and none at its start. */
export function normalPrefix(prefix: string): string {
  const inner = prefix.replace(/^\/+|\/+$/g, '');
  return inner === '' ? '' : `${inner}/`;
}

/** For messages. An endpoint's user name and password, should it have any, are left out. */
export function locationOf(options: S3StorageOptions): string {
  const place = `s3://${options.bucket}/${normalPrefix(options.prefix ?? '')}`;
  return options.endpoint === undefined ? place : `${place} at ${new URL(options.endpoint).host}`;
}
