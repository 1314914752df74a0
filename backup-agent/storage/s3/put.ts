import { PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { releasing } from '../../stream/donated.ts';
import { sizedBody } from '../sized-body.ts';
import type { Body, PutOptions, StoredObject } from '../storage.ts';
import { placeOf, type S3Context } from './context.ts';
import { settleConflict } from './conflict.ts';
import { uploadInParts } from './multipart.ts';
import { defaultPartBytes } from './options.ts';
import { PartReader, partSize } from './parts.ts';
import { conditionInput, md5Input, objectInput, storedNow, type Put } from './put-input.ts';

/** Puts a body at once if it fits into one part, and in parts otherwise. */
export async function putBody(
  context: S3Context,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<StoredObject> {
  const put = { key, id: randomUUID(), options };
  const partBytes = partSize(1, context.options.partBytes ?? defaultPartBytes, options.sizeBytes);
  const failed = new AbortController();
  const { signal } = options;
  const sizeBytes = body instanceof Uint8Array ? body.byteLength : options.sizeBytes;
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  // A part has its own copy of a chunk when the next chunk is asked for.
  const chunks = releasing(sizedBody(key, body, { ...options, signal: stop }));
  const reader = new PartReader(chunks, sizeBytes);
  try {
    const first = await reader.next(partBytes);
    const second = first.length < partBytes ? undefined : await reader.next(partBytes);
    if (second === undefined || second.length === 0) return await putAtOnce(context, put, first);
    return await uploadInParts(context, put, reader, [first, second], failed);
  } finally {
    reader.close();
  }
}

async function putAtOnce(context: S3Context, put: Put, content: Buffer): Promise<StoredObject> {
  const { key, options } = put;
  const input = {
    ...objectInput(context, put),
    ...conditionInput(options),
    ...md5Input(context, content),
    Body: content,
  };
  const result = await settleConflict(context, put, content.length, async () =>
    context.requests.send(`cannot store ${placeOf(context, key)}`, options.signal, (sending) =>
      context.requests.client.send(new PutObjectCommand(input), sending),
    ),
  );
  return 'key' in result
    ? result
    : storedNow(context, key, content.length, result.ETag, result.VersionId);
}
