import { Readable } from 'node:stream';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from '../../../backup-agent/sources/s3/bucket.ts';
import type { ObjectEntry } from '../../../backup-agent/sources/s3/object-entry.ts';
import { restoreToBucket } from '../../../backup-agent/sources/s3/restore-to-bucket.ts';
import { createS3Source, type S3SourceOptions } from '../../../backup-agent/sources/s3/source.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import type { BackupKind } from '../../../contracts/manifest.ts';
import { startS3Server } from '../../fixtures/s3/server.ts';
import { silentProgress, takeBackups, type TakeOptions } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

export const signal = new AbortController().signal;
export const common = { signal, progress: silentProgress };
const credentials = { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' };

/** An endpoint, a scratch directory, and buckets on it. */
export async function setUp(
  source: Pick<S3SourceOptions, 'segmentBytes' | 'smallestPartBytes'> = {},
) {
  const server = await startS3Server({ minimumPartBytes: 1 });
  const directory = await temporaryDirectory();
  const optionsOf = (bucket: string, prefix = '') => ({
    bucket,
    prefix,
    endpoint: server.endpoint,
    pathStyle: true,
    credentials,
  });
  const scratchDirectory = join(directory.path, 'scratch');
  mkdirSync(scratchDirectory);
  return {
    server,
    directory: directory.path,
    scratchDirectory,
    optionsOf,
    restore: (chain: BackupReader[], bucket: Bucket, into?: 'skip' | 'overwrite', path?: string) =>
      restoreToBucket({
        ...common,
        chain,
        bucket,
        scratchDirectory,
        uploadsDirectory: join(directory.path, 'uploads'),
        ...(into ? { into } : {}),
        ...(path === undefined ? {} : { path }),
      }),
    bucket: (name: string, prefix = '') => new Bucket(optionsOf(name, prefix)),
    async take(
      bucket: string,
      kind: BackupKind,
      chain: BackupReader[] = [],
      prefix = '',
      options: TakeOptions = {},
    ) {
      const objects = createS3Source({
        ...optionsOf(bucket, prefix),
        segmentBytes: 200_000,
        ...source,
      });
      const [taken] = await takeBackups(objects, kind, { ...options, chain });
      assert.ok(taken);
      return taken;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

export async function put(
  bucket: Bucket,
  key: string,
  content: string | Buffer,
  more: object = {},
) {
  const bytes = Buffer.from(content);
  const entry: ObjectEntry = {
    type: 'object',
    path: Buffer.from(key),
    sizeBytes: bytes.length,
    etag: '',
    modifiedAt: '',
    ...more,
  };
  await bucket.put(entry, () => Readable.from([bytes]), { replace: true, signal });
}

/** What restored objects must have in common with theirs. */
export async function describe(bucket: Bucket) {
  const found = [];
  for await (const { path } of bucket.list(signal)) {
    const object = await bucket.fetch(path, signal);
    assert.ok('body' in object);
    const content = Buffer.concat(await Array.fromAsync(object.body));
    const { contentType, headers, metadata, tags } = object.entry;
    found.push({
      key: path.toString(),
      contentType,
      headers,
      metadata,
      tags,
      content: content.toString('latin1'),
    });
  }
  return found;
}
