import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { attributesInput } from './object-attributes.ts';
import type { ObjectEntry } from './object-entry.ts';
import { sendingAgain, statusOf } from './s3-errors.ts';

/** `exists`: there is an object of that key already, and it was not to be replaced. */
export type PutOutcome = 'stored' | 'exists';

/** Where an object is put, and what becomes of errors. */
export interface PutTarget {
  readonly bucket: string;
  readonly key: string;
  readonly entry: ObjectEntry;
  /** Throws the error as one of ours, or the signal's reason. */
  readonly failure: (error: unknown, signal: AbortSignal) => never;
}

export interface PutOptions {
  /** Else there may be no object of that key yet. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

/**
 * Creates the object, or a newer version of it; at most 5 GiB, S3's limit for one put.
 *
 * @param open - gives the content, anew each time
 */
export async function putObject(
  client: S3Client,
  target: PutTarget,
  open: () => Readable,
  { replace, signal }: PutOptions,
): Promise<PutOutcome> {
  const { bucket: Bucket, key: Key, entry, failure } = target;
  const { sizeBytes: ContentLength } = entry;
  const unlessThere = replace ? {} : { IfNoneMatch: '*' };
  const input = { Bucket, Key, ContentLength, ...attributesInput(entry), ...unlessThere };
  return await sendingAgain(open, signal, async (body, attempt): Promise<PutOutcome> => {
    try {
      const command = new PutObjectCommand({ ...input, Body: body });
      await client.send(command, { abortSignal: signal });
      return 'stored';
    } catch (error) {
      if (replace || statusOf(error) !== 412) throw error;
      return attempt > 1 && (await hasArrived(client, target, signal)) ? 'stored' : 'exists';
    }
  }).catch((error: unknown) => failure(error, signal));
}

/** A put whose answer was lost may have been done. */
async function hasArrived(
  client: S3Client,
  { bucket: Bucket, key: Key, entry }: PutTarget,
  signal: AbortSignal,
): Promise<boolean> {
  const command = new HeadObjectCommand({ Bucket, Key });
  const { ContentLength } = await client.send(command, { abortSignal: signal });
  return ContentLength === entry.sizeBytes;
}
