import { GetObjectCommand, HeadObjectCommand, type HeadObjectOutput } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { abortable } from '../sized-body.ts';
import type { CallOptions, GetOptions, StoredObject, VersionOptions } from '../storage.ts';
import { placeOf, present, s3Key, versionField, type S3Context } from './context.ts';
import { failureOf, toStorageError } from './errors.ts';

export async function readObject(
  context: S3Context,
  key: string,
  options: GetOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { range, signal } = options;
  const what = `cannot read ${placeOf(context, key)}`;
  if (range?.end !== undefined && range.end <= range.start) return nothing(context, key, options);
  try {
    const answer = await context.requests.send(what, signal, (sending) =>
      context.requests.client.send(
        new GetObjectCommand({ ...address(context, key, options), ...rangeParameter(range) }),
        sending,
      ),
    );
    present(answer.ETag, what);
    const bytes = bytesOf(answer.Body as Readable, what, signal);
    return range === undefined ? bytes : cut(bytes, firstByte(answer.ContentRange), range);
  } catch (error) {
    if (isRangeBeyondEnd(error)) return nothing(context, key, options);
    throw error;
  }
}

/** What HEAD tells; undefined when the object is missing. */
export async function headObject(
  context: S3Context,
  key: string,
  options: VersionOptions,
): Promise<HeadObjectOutput | undefined> {
  const what = `cannot stat ${placeOf(context, key)}`;
  try {
    const head = await context.requests.send(what, options.signal, (sending) =>
      context.requests.client.send(new HeadObjectCommand(address(context, key, options)), sending),
    );
    present(head.ETag, what);
    return head;
  } catch (error) {
    if (isHoldfastError(error, 'storage-object-missing')) return undefined;
    throw error;
  }
}

export async function statObject(
  context: S3Context,
  key: string,
  options: CallOptions,
): Promise<StoredObject | undefined> {
  const head = await headObject(context, key, options);
  return head === undefined ? undefined : storedObject(key, head);
}

export function storedObject(key: string, head: HeadObjectOutput): StoredObject {
  return {
    key,
    sizeBytes: head.ContentLength ?? 0,
    modifiedAt: head.LastModified ?? new Date(0),
    etag: head.ETag ?? '',
    ...versionField(head.VersionId),
  };
}

function address(
  context: S3Context,
  key: string,
  { version }: VersionOptions,
): { Bucket: string; Key: string; VersionId?: string } {
  return {
    Bucket: context.bucket,
    Key: s3Key(context, key),
    ...(version === undefined ? {} : { VersionId: version }),
  };
}

function rangeParameter(range: GetOptions['range']): { Range?: string } {
  if (range === undefined || (range.start === 0 && range.end === undefined)) return {};
  return { Range: `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}` };
}

/** No bytes were asked for; that the object exists is still a promise of `get`. */
async function nothing(
  context: S3Context,
  key: string,
  options: GetOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const head = await headObject(context, key, options);
  if (head !== undefined) return (async function* () {})();
  throw toStorageError(
    Object.assign(new Error('no such key'), { $metadata: { httpStatusCode: 404 } }),
    `cannot read ${placeOf(context, key)}`,
  );
}

function isRangeBeyondEnd(error: unknown): boolean {
  return isHoldfastError(error) && failureOf(error.cause).status === 416;
}

/** Where the answer begins: a server may ignore a range and send all (RFC 9110, section 14.2). */
function firstByte(contentRange: string | undefined): number {
  return Number(/^bytes (\d+)-/.exec(contentRange ?? '')?.[1] ?? 0);
}

/** The bytes of the range, whatever more the server sent. */
async function* cut(
  source: AsyncIterable<Uint8Array>,
  firstByte: number,
  { start, end = Number.POSITIVE_INFINITY }: NonNullable<GetOptions['range']>,
): AsyncGenerator<Uint8Array> {
  let offset = firstByte;
  for await (const chunk of source) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, chunk.byteLength);
    if (from < to) yield chunk.subarray(from, to);
    offset += chunk.byteLength;
    // At the exact end the source is read on to its own, so that the connection can be used again.
    if (offset > end) return;
  }
}

async function* bytesOf(
  body: Readable,
  what: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* abortable<Uint8Array>(body, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw toStorageError(error, what);
  } finally {
    body.destroy();
  }
}
