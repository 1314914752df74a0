import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { attributesInput } from './object-attributes.ts';
import type { PutOptions, PutOutcome, PutTarget } from './put-object.ts';
import { sendingAgain, statusOf } from './s3-errors.ts';

/** Kept with each part, and by the bucket with the whole: Amazon S3 user guide, "Checking object integrity". */
const ChecksumAlgorithm = 'CRC32';

/** A part that the bucket has. */
export interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  readonly part: CompletedPart;
}

/**
 * An object that is put in parts: nobody sees it before it is completed, and parts that are there need
 * not be sent again. What is neither completed nor aborted stays in the bucket, and costs, until a rule
 * of the bucket ends it.
 */
export class MultipartUpload {
  readonly #target: PutTarget;
  readonly #client: S3Client;
  #id: string | undefined;

  constructor(target: PutTarget, client: S3Client) {
    this.#target = target;
    this.#client = client;
  }

  /** Begins it; returns its id, by which a later run can go on. */
  async begin(signal: AbortSignal): Promise<string> {
    const { entry, failure } = this.#target;
    const input = { ...this.#address, ...attributesInput(entry), ChecksumAlgorithm } as const;
    const answer = await this.#client
      .send(new CreateMultipartUploadCommand(input), { abortSignal: signal })
      .catch((error: unknown) => failure(error, signal));
    this.#id = answer.UploadId ?? failure(new Error('the upload has no id'), signal);
    return this.#id;
  }

  /** Goes on with one that was begun: the parts it has; undefined when there is no such upload any more. */
  async goOn(id: string, signal: AbortSignal): Promise<readonly StoredPart[] | undefined> {
    const { failure } = this.#target;
    const parts: StoredPart[] = [];
    let marker: string | undefined;
    do {
      const input = { ...this.#address, UploadId: id, PartNumberMarker: marker };
      const page = await this.#client
        .send(new ListPartsCommand(input), { abortSignal: signal })
        .catch((error: unknown) => (statusOf(error) === 404 ? undefined : failure(error, signal)));
      if (!page) return undefined;
      for (const { PartNumber = 0, Size = 0, ETag, ChecksumCRC32 } of page.Parts ?? [])
        parts.push({
          number: PartNumber,
          sizeBytes: Size,
          part: { PartNumber, ETag, ChecksumCRC32 },
        });
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    this.#id = id;
    return parts;
  }

  /** @param open - gives the part's content, anew each time */
  async put(
    number: number,
    open: () => Readable,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<CompletedPart> {
    const input = {
      ...this.#address,
      UploadId: this.#id,
      PartNumber: number,
      ContentLength: sizeBytes,
      ChecksumAlgorithm,
    } as const;
    const { ETag, ChecksumCRC32 } = await sendingAgain(open, signal, (body) =>
      this.#client.send(new UploadPartCommand({ ...input, Body: body }), { abortSignal: signal }),
    ).catch((error: unknown) => this.#target.failure(error, signal));
    return { PartNumber: number, ETag, ChecksumCRC32 };
  }

  /** Makes the object of its parts, in the order of their numbers. */
  async complete(
    parts: readonly CompletedPart[],
    { replace, signal }: PutOptions,
  ): Promise<PutOutcome> {
    const Parts = parts.toSorted((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
    const input = {
      ...this.#address,
      UploadId: this.#id,
      MultipartUpload: { Parts },
      ...(replace ? {} : { IfNoneMatch: '*' }),
    };
    try {
      await this.#client.send(new CompleteMultipartUploadCommand(input), { abortSignal: signal });
      return 'stored';
    } catch (error) {
      if (statusOf(error) === 412 && !replace) return 'exists';
      return this.#target.failure(error, signal);
    }
  }

  /** Frees what it has. */
  async abort(signal: AbortSignal): Promise<void> {
    await this.#client
      .send(new AbortMultipartUploadCommand({ ...this.#address, UploadId: this.#id }), {
        abortSignal: signal,
      })
      .catch((error: unknown) => this.#target.failure(error, signal));
  }

  get #address() {
    const { bucket: Bucket, key: Key } = this.#target;
    return { Bucket, Key };
  }
}
