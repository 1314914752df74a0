import {
  ListMultipartUploadsCommand,
  ListPartsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsOutput,
  type ListObjectVersionsCommandInput,
  type ListPartsCommandInput,
  type ListPartsOutput,
  type ListObjectVersionsOutput,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { compareKeys } from '../key.ts';
import type { CallOptions, ObjectVersion, StoredObject, VersionListOptions } from '../storage.ts';
import { present, s3Key, versionField, type S3Context } from './context.ts';
import { headObject } from './read.ts';

/** Pages of 1,000; the order is S3's own, which is that of the keys' UTF-8 bytes, and is checked. */
export async function* listObjects(
  context: S3Context,
  prefix: string,
  { signal }: CallOptions,
): AsyncGenerator<StoredObject> {
  const { client } = context.requests;
  let token: string | undefined;
  let last = '';
  do {
    const input = { ...listInput(context, prefix), ...optional('ContinuationToken', token) };
    const page = await context.requests.send(whatOf(context), signal, (sending) =>
      client.send(new ListObjectsV2Command(input), sending),
    );
    present(page.IsTruncated, whatOf(context));
    for (const object of page.Contents ?? []) {
      const key = keyOf(context, object.Key, page.EncodingType);
      last = assertOrder(context, last, key);
      yield {
        key,
        sizeBytes: object.Size ?? 0,
        modifiedAt: object.LastModified ?? new Date(0),
        etag: object.ETag ?? '',
      };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

export async function* listVersions(
  context: S3Context,
  prefix: string,
  { signal, withLocks }: VersionListOptions,
): AsyncGenerator<ObjectVersion> {
  const { client } = context.requests;
  let markers: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (markers !== undefined) {
    const input: ListObjectVersionsCommandInput = { ...listInput(context, prefix), ...markers };
    const page: ListObjectVersionsOutput = await context.requests.send(
      whatOf(context),
      signal,
      (sending) => client.send(new ListObjectVersionsCommand(input), sending),
    );
    present(page.IsTruncated, whatOf(context));
    for (const version of versionsOf(context, page))
      yield withLocks === true ? await withLock(context, version, signal) : version;
    markers =
      page.IsTruncated === true
        ? {
            ...optional('KeyMarker', decoded(page.NextKeyMarker, page.EncodingType)),
            ...optional('VersionIdMarker', page.NextVersionIdMarker),
          }
        : undefined;
  }
}

export interface UnfinishedUpload {
  readonly s3Key: string;
  readonly uploadId: string;
  readonly begunAt: Date;
}

/** The multipart uploads under the storage's prefix that were neither completed nor aborted. */
export async function* listUploads(
  context: S3Context,
  { signal }: CallOptions,
): AsyncGenerator<UnfinishedUpload> {
  const { client } = context.requests;
  let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (markers !== undefined) {
    const input: ListMultipartUploadsCommandInput = { ...listInput(context, ''), ...markers };
    const page: ListMultipartUploadsOutput = await context.requests.send(
      whatOf(context),
      signal,
      (sending) => client.send(new ListMultipartUploadsCommand(input), sending),
    );
    present(page.IsTruncated, whatOf(context));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      if (UploadId !== undefined)
        yield {
          s3Key: decoded(Key, page.EncodingType) ?? '',
          uploadId: UploadId,
          begunAt: Initiated ?? new Date(0),
        };
    markers =
      page.IsTruncated === true
        ? {
            ...optional('KeyMarker', decoded(page.NextKeyMarker, page.EncodingType)),
            ...optional('UploadIdMarker', page.NextUploadIdMarker),
          }
        : undefined;
  }
}

/** When an upload was begun, or when it last received a part. */
export async function lastActivity(
  context: S3Context,
  { s3Key, uploadId, begunAt }: UnfinishedUpload,
  { signal }: CallOptions,
): Promise<Date> {
  const { client } = context.requests;
  const address = { Bucket: context.bucket, Key: s3Key, UploadId: uploadId };
  let last = begunAt;
  let marker: string | undefined;
  do {
    const input: ListPartsCommandInput = { ...address, ...optional('PartNumberMarker', marker) };
    const page: ListPartsOutput = await context.requests.send(whatOf(context), signal, (sending) =>
      client.send(new ListPartsCommand(input), sending),
    );
    for (const { LastModified: at } of page.Parts ?? [])
      if (at !== undefined && at > last) last = at;
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return last;
}

function listInput(
  context: S3Context,
  prefix: string,
): { Bucket: string; Prefix: string; EncodingType: 'url' } {
  return { Bucket: context.bucket, Prefix: s3Key(context, prefix), EncodingType: 'url' };
}

function whatOf(context: S3Context): string {
  return `cannot list ${context.location}`;
}

/** The SDK gives versions and delete markers apart; together they are by key, newest first. */
function versionsOf(context: S3Context, page: ListObjectVersionsOutput): ObjectVersion[] {
  const entries = [
    ...(page.Versions ?? []).map((entry) => ({ ...entry, deleteMarker: false })),
    ...(page.DeleteMarkers ?? []).map((entry) => ({
      ...entry,
      deleteMarker: true,
      Size: 0,
      ETag: '',
    })),
  ];
  return entries
    .map((entry) => ({
      key: keyOf(context, entry.Key, page.EncodingType),
      sizeBytes: entry.Size ?? 0,
      modifiedAt: entry.LastModified ?? new Date(0),
      etag: entry.ETag ?? '',
      latest: entry.IsLatest ?? false,
      deleteMarker: entry.deleteMarker,
      ...versionField(entry.VersionId),
    }))
    .sort(
      (left, right) =>
        compareKeys(left.key, right.key) ||
        Number(right.latest) - Number(left.latest) ||
        right.modifiedAt.getTime() - left.modifiedAt.getTime(),
    );
}

async function withLock(
  context: S3Context,
  version: ObjectVersion,
  signal: AbortSignal | undefined,
): Promise<ObjectVersion> {
  if (version.deleteMarker || version.version === undefined) return version;
  const options = { version: version.version, ...(signal === undefined ? {} : { signal }) };
  const head = await headObject(context, version.key, options);
  return {
    ...version,
    ...optional('lockedUntil', head?.ObjectLockRetainUntilDate),
    ...(head?.ObjectLockLegalHoldStatus === 'ON' ? { legalHold: true } : {}),
  };
}

function keyOf(
  context: S3Context,
  key: string | undefined,
  encodingType: string | undefined,
): string {
  return (decoded(key, encodingType) ?? '').slice(context.prefix.length);
}

/** encoding-type=url writes keys as a form does: a plus is a space. */
function decoded(key: string | undefined, encodingType: string | undefined): string | undefined {
  if (key === undefined || encodingType !== 'url') return key;
  return decodeURIComponent(key.replaceAll('+', ' '));
}

function assertOrder(context: S3Context, last: string, key: string): string {
  if (last !== '' && compareKeys(last, key) >= 0)
    throw new HoldfastError(
      'storage-unreachable',
      `${context.location} lists ${JSON.stringify(key)} after ${JSON.stringify(last)}, out of order`,
      { hint: 'this store does not list in the order of bytes, which Holdfast depends on' },
    );
  return key;
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}
