import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { StoredObject } from '../storage.ts';
import { settleConflict } from './conflict.ts';
import { placeOf, present, s3Key, type S3Context } from './context.ts';
import { defaultPartBytes } from './options.ts';
import { mostParts, partSize, type PartReader } from './parts.ts';
import {
  checksumInput,
  conditionInput,
  md5Input,
  objectInput,
  storedNow,
  type Put,
} from './put-input.ts';

/** An abandoned upload must not hold up the error that abandoned it. */
const abortTimeoutMs = 10_000;

/**
 * Uploads a body in parts, a bounded number of bytes at once. Whatever fails, the upload is aborted,
 * which needs no right to delete.
 */
export async function uploadInParts(
  context: S3Context,
  put: Put,
  reader: PartReader,
  firstParts: readonly Buffer[],
  failed: AbortController,
): Promise<StoredObject> {
  const uploadId = await createUpload(context, put);
  const address = { Bucket: context.bucket, Key: s3Key(context, put.key), UploadId: uploadId };
  try {
    const upload = new PartsUpload(context, put, address, reader, failed);
    const { parts, sizeBytes } = await upload.run(firstParts);
    return await completeUpload(context, put, address, parts, sizeBytes);
  } catch (error) {
    await abortUpload(context, address).catch(() => undefined);
    throw error;
  }
}

interface UploadAddress {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

async function createUpload(context: S3Context, put: Put): Promise<string> {
  const what = `cannot store ${placeOf(context, put.key)}`;
  const { UploadId: uploadId } = await context.requests.send(what, put.options.signal, (sending) =>
    context.requests.client.send(
      new CreateMultipartUploadCommand(objectInput(context, put)),
      sending,
    ),
  );
  return present(uploadId, what);
}

class PartsUpload {
  readonly #context: S3Context;
  readonly #put: Put;
  readonly #address: UploadAddress;
  readonly #reader: PartReader;
  readonly #failed: AbortController;
  readonly #signal: AbortSignal;
  readonly #underWay = new Set<Promise<void>>();
  readonly #done: CompletedPart[] = [];
  #sizeBytes = 0;

  constructor(
    context: S3Context,
    put: Put,
    address: UploadAddress,
    reader: PartReader,
    failed: AbortController,
  ) {
    this.#context = context;
    this.#put = put;
    this.#address = address;
    this.#reader = reader;
    this.#failed = failed;
    const { signal } = put.options;
    this.#signal = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  }

  async run(firstParts: readonly Buffer[]): Promise<{ parts: CompletedPart[]; sizeBytes: number }> {
    try {
      for await (const part of this.#parts(firstParts)) await this.#begin(part);
      await Promise.all(this.#underWay);
    } catch (error) {
      this.#failed.abort(error);
    }
    await Promise.allSettled(this.#underWay);
    this.#failed.signal.throwIfAborted();
    const parts = this.#done.sort(
      (left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0),
    );
    return { parts, sizeBytes: this.#sizeBytes };
  }

  async *#parts(
    firstParts: readonly Buffer[],
  ): AsyncGenerator<{ number: number; content: Buffer }> {
    let number = 0;
    for (const content of firstParts) yield { number: (number += 1), content };
    const { partBytes = defaultPartBytes } = this.#context.options;
    while (true) {
      const size = partSize(number + 1, partBytes, this.#put.options.sizeBytes);
      const content = await this.#reader.next(size);
      if (content.length === 0) return;
      yield { number: (number += 1), content };
    }
  }

  async #begin({ number, content }: { number: number; content: Buffer }): Promise<void> {
    await this.#context.room.enter(content.length, this.#signal);
    this.#sizeBytes += content.length;
    const sending = this.#send(number, content)
      .then((part) => void this.#done.push(part))
      .catch((error: unknown) => {
        this.#failed.abort(error);
      })
      .finally(() => {
        this.#underWay.delete(sending);
        this.#context.room.leave(content.length);
        this.#reader.release(content);
      });
    this.#underWay.add(sending);
  }

  async #send(number: number, content: Buffer): Promise<CompletedPart> {
    const { key } = this.#put;
    const what = `cannot store part ${number} of ${placeOf(this.#context, key)}`;
    if (number > mostParts) throw tooManyParts(what);
    const { client } = this.#context.requests;
    const input = { ...this.#address, ...checksumInput(this.#context), PartNumber: number };
    const md5 = md5Input(this.#context, content);
    const part = await this.#context.requests.send(what, this.#signal, (sending) =>
      client.send(new UploadPartCommand({ ...input, ...md5, Body: content }), sending),
    );
    present(part.ETag, what);
    return { PartNumber: number, ...digestsOf(part) };
  }
}

function tooManyParts(what: string): HoldfastError {
  return new HoldfastError('storage-full', `${what}: S3 takes ${mostParts} parts at most`, {
    hint: 'raise the part size, or split the object',
  });
}

function digestsOf(part: CompletedPart): CompletedPart {
  const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 } = part;
  return Object.fromEntries(
    Object.entries({ ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

async function completeUpload(
  context: S3Context,
  put: Put,
  address: UploadAddress,
  parts: CompletedPart[],
  sizeBytes: number,
): Promise<StoredObject> {
  const { key, options } = put;
  const input = { ...address, ...conditionInput(options), MultipartUpload: { Parts: parts } };
  const result = await settleConflict(context, put, sizeBytes, async () =>
    context.requests.send(`cannot store ${placeOf(context, key)}`, options.signal, (sending) =>
      context.requests.client.send(new CompleteMultipartUploadCommand(input), sending),
    ),
  );
  return 'key' in result
    ? result
    : storedNow(context, key, sizeBytes, result.ETag, result.VersionId);
}

/** Frees the parts of an upload that will not be completed. */
export async function abortUpload(context: S3Context, address: UploadAddress): Promise<void> {
  await context.requests.send(
    `cannot abort an upload in ${context.location}`,
    AbortSignal.timeout(abortTimeoutMs),
    (sending) => context.requests.client.send(new AbortMultipartUploadCommand(address), sending),
  );
}
