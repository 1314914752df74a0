import type { ChecksumAlgorithm, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { PutOptions, StoredObject } from '../storage.ts';
import { placeOf, present, s3Key, versionField, type S3Context } from './context.ts';

/** One put: what it stores carries its id, so that an answer that got lost can be made up for. */
export interface Put {
  readonly key: string;
  readonly id: string;
  readonly options: PutOptions;
}

export const putIdName = 'holdfast-put';

export function storedNow(
  context: S3Context,
  key: string,
  sizeBytes: number,
  etag: string | undefined,
  versionId: string | undefined,
): StoredObject {
  return {
    key,
    sizeBytes,
    modifiedAt: context.requests.serverDate ?? context.clock(),
    etag: present(etag, `cannot store ${placeOf(context, key)}`),
    ...versionField(versionId),
  };
}

/** What PutObject and CreateMultipartUpload say of the object alike. */
export function objectInput(
  context: S3Context,
  { key, id, options: { lockUntil } }: Put,
): Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'Metadata'> & Partial<PutObjectCommandInput> {
  const { storageClass, kmsKeyId, objectLock } = context.options;
  const locks = objectLock !== undefined && lockUntil !== undefined && lockUntil > context.clock();
  return {
    Bucket: context.bucket,
    Key: s3Key(context, key),
    Metadata: { [putIdName]: id },
    ...checksumInput(context),
    ...(storageClass === undefined
      ? {}
      : { StorageClass: storageClass as NonNullable<PutObjectCommandInput['StorageClass']> }),
    ...(kmsKeyId === undefined ? {} : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId }),
    ...(locks
      ? {
          ObjectLockMode: objectLock === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
          ObjectLockRetainUntilDate: lockUntil,
        }
      : {}),
  };
}

export function checksumInput({ options }: S3Context): { ChecksumAlgorithm?: ChecksumAlgorithm } {
  const { checksumAlgorithm = 'CRC32' } = options;
  return checksumAlgorithm === 'MD5' ? {} : { ChecksumAlgorithm: checksumAlgorithm };
}

/** Content-MD5 where it stands in for a checksum; an upload with a lock must have one of the two. */
export function md5Input({ options }: S3Context, content: Uint8Array): { ContentMD5?: string } {
  if (options.checksumAlgorithm !== 'MD5') return {};
  return { ContentMD5: createHash('md5').update(content).digest('base64') };
}

export function conditionInput({ ifAbsent, ifMatch }: PutOptions): {
  IfNoneMatch?: '*';
  IfMatch?: string;
} {
  return {
    ...(ifAbsent === true ? { IfNoneMatch: '*' } : {}),
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
  };
}
