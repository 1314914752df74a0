import {
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectLegalHoldCommand,
} from '@aws-sdk/client-s3';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { assertKey, assertPrefix } from './key.ts';
import { withRetry } from './retry.ts';
import { defaultRetryPolicy } from './retry-policy.ts';
import { createClient } from './s3/client.ts';
import { placeOf, prefixOf, present, s3Key, type S3Context } from './s3/context.ts';
import { failureOf } from './s3/errors.ts';
import {
  lastActivity,
  listObjects,
  listUploads,
  listVersions,
  type UnfinishedUpload,
} from './s3/list.ts';
import { abortUpload } from './s3/multipart.ts';
import {
  defaultPartBytes,
  defaultPartsAtOnce,
  locationOf,
  type S3StorageOptions,
} from './s3/options.ts';
import { putBody } from './s3/put.ts';
import { headObject, readObject, statObject } from './s3/read.ts';
import { S3Requests } from './s3/requests.ts';
import { UploadRoom } from './s3/upload-room.ts';
import type {
  Body,
  CallOptions,
  GetOptions,
  ObjectVersion,
  PutOptions,
  RemoveOptions,
  Storage,
  StoredObject,
  VersionListOptions,
  VersionOptions,
} from './storage.ts';

/**
 * A bucket, or a prefix of one, in AWS or a compatible store with conditional writes. Retries by
 * itself; a read that breaks off goes on where it stopped. All puts together hold
 * `partBytes` times `partsAtOnce` in memory, and each two parts more at most; none needs a right to
 * delete.
 */
export function openS3Storage(options: S3StorageOptions): Storage {
  return withRetry(new S3Storage(options), options.retry);
}

class S3Storage implements Storage {
  readonly location: string;
  readonly #context: S3Context;

  constructor(options: S3StorageOptions) {
    const clock = options.clock ?? (() => new Date());
    const policy = { ...defaultRetryPolicy, ...options.retry };
    this.location = locationOf(options);
    this.#context = {
      options,
      bucket: options.bucket,
      prefix: prefixOf(options),
      location: this.location,
      requests: new S3Requests(createClient(options), policy, clock),
      room: new UploadRoom(
        (options.partBytes ?? defaultPartBytes) * (options.partsAtOnce ?? defaultPartsAtOnce),
      ),
      clock,
    };
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    options.signal?.throwIfAborted();
    return putBody(this.#context, key, body, options);
  }

  async get(key: string, options: GetOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    assertKey(key);
    return readObject(this.#context, key, options);
  }

  async stat(key: string, options: CallOptions = {}): Promise<StoredObject | undefined> {
    assertKey(key);
    return statObject(this.#context, key, options);
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<StoredObject> {
    assertPrefix(prefix);
    yield* listObjects(this.#context, prefix, options);
  }

  async *listVersions(
    prefix: string,
    options: VersionListOptions = {},
  ): AsyncGenerator<ObjectVersion> {
    assertPrefix(prefix);
    yield* listVersions(this.#context, prefix, options);
  }

  async remove(key: string, options: RemoveOptions = {}): Promise<void> {
    assertKey(key);
    const { version, signal } = options;
    const input = {
      ...this.#address(key),
      ...(version === undefined ? {} : { VersionId: version }),
    };
    try {
      const what = `cannot remove ${this.#place(key)}`;
      const { $metadata } = await this.#context.requests.send(what, signal, (sending) =>
        this.#context.requests.client.send(new DeleteObjectCommand(input), sending),
      );
      // A removal has an empty answer; a page of something else has not.
      present($metadata.httpStatusCode === 204 ? true : undefined, what);
    } catch (error) {
      if (isHoldfastError(error, 'storage-object-missing')) return;
      throw (await this.#isLocked(key, options, error)) ? this.#locked(key, error) : error;
    }
  }

  async setLegalHold(key: string, held: boolean, options: VersionOptions = {}): Promise<void> {
    assertKey(key);
    const { version, signal } = options;
    const input = {
      ...this.#address(key),
      LegalHold: { Status: held ? ('ON' as const) : ('OFF' as const) },
      ...(version === undefined ? {} : { VersionId: version }),
    };
    try {
      await this.#context.requests.send(
        `cannot change the legal hold of ${this.#place(key)}`,
        signal,
        (sending) =>
          this.#context.requests.client.send(new PutObjectLegalHoldCommand(input), sending),
      );
    } catch (error) {
      if (!hasNoLegalHold(error)) throw error;
    }
  }

  async removeUnfinished(before: Date, options: CallOptions = {}): Promise<number> {
    let removed = 0;
    for await (const upload of listUploads(this.#context, options)) {
      if (upload.begunAt < before && (await this.#sweep(upload, before, options))) removed += 1;
    }
    return removed;
  }

  /** Only a put would tell, and a locked bucket would keep it. */
  async assertWritable({ signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted();
  }

  /** Any answer will do, a refusal too: each carries the server's date. */
  async now(options: CallOptions = {}): Promise<Date> {
    const { requests, bucket, location } = this.#context;
    requests.forgetServerDate();
    try {
      await requests.send(`cannot ask ${location} for its time`, options.signal, (sending) =>
        requests.client.send(new HeadBucketCommand({ Bucket: bucket }), sending),
      );
    } catch (error) {
      if (requests.serverDate === undefined) throw error;
    }
    if (requests.serverDate !== undefined) return requests.serverDate;
    throw new HoldfastError('storage-unreachable', `${location} does not tell its time`);
  }

  async close(): Promise<void> {
    this.#context.requests.client.destroy();
  }

  /** Aborts an upload, unless it still receives parts (somebody's work) or is gone by now. */
  async #sweep(upload: UnfinishedUpload, before: Date, options: CallOptions): Promise<boolean> {
    const { s3Key: Key, uploadId: UploadId } = upload;
    try {
      if ((await lastActivity(this.#context, upload, options)) >= before) return false;
      await abortUpload(this.#context, { Bucket: this.#context.bucket, Key, UploadId });
      return true;
    } catch (error) {
      if (isHoldfastError(error) && failureOf(error.cause).name === 'NoSuchUpload') return false;
      throw error;
    }
  }

  #address(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#context.bucket, Key: s3Key(this.#context, key) };
  }

  #place(key: string): string {
    return placeOf(this.#context, key);
  }

  /** S3 says "access denied" for a lock too; the version itself tells which it is. */
  async #isLocked(key: string, options: RemoveOptions, error: unknown): Promise<boolean> {
    if (!isHoldfastError(error, 'storage-denied') || options.version === undefined) return false;
    const head = await headObject(this.#context, key, options).catch(() => undefined);
    const until = head?.ObjectLockRetainUntilDate;
    const now = this.#context.requests.serverDate ?? this.#context.clock();
    return head?.ObjectLockLegalHoldStatus === 'ON' || (until !== undefined && until > now);
  }

  #locked(key: string, cause: unknown): HoldfastError {
    return new HoldfastError('storage-locked', `${this.#place(key)} is locked`, { cause });
  }
}

/** The bucket or the store has no Object Lock. */
function hasNoLegalHold(error: unknown): boolean {
  if (!isHoldfastError(error)) return false;
  const { name, message, status } = failureOf(error.cause);
  return (
    (name === 'InvalidRequest' && /object lock/i.test(message)) ||
    ['NotImplemented', 'MethodNotAllowed', 'ObjectLockConfigurationNotFoundError'].includes(name) ||
    status === 501
  );
}
