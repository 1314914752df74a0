import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { startS3Server, type S3Server } from '../fixtures/s3/server.ts';

/** What tests rely on in the endpoint, seen through AWS's own client. */
suite('the S3 endpoint of the tests', () => {
  const Bucket = 'locked';
  const Key = 'a/b c+ü';
  const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

  test('a checksum or MD5 that does not fit is BadDigest, and nothing is stored', async () => {
    await using opened = await open();
    const { client } = opened;
    const wrong = createHash('sha256').update('other').digest('base64');
    const put = { Bucket, Key, Body: 'body' };
    await assert.rejects(client.send(new PutObjectCommand({ ...put, ChecksumSHA256: wrong })), {
      name: 'BadDigest',
    });
    const ContentMD5 = createHash('md5').update('other').digest('base64');
    await assert.rejects(client.send(new PutObjectCommand({ ...put, ContentMD5 })), {
      name: 'BadDigest',
    });
    await assert.rejects(client.send(new GetObjectCommand({ Bucket, Key })), { name: 'NoSuchKey' });
  });

  test('each checksum algorithm is computed as the client computes it', async () => {
    await using opened = await open();
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)
      await opened.client.send(
        new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(70_000, 3), ChecksumAlgorithm }),
      );
    assert.equal(opened.server.bucket(Bucket).versionsOf(Key).length, 4);
  });

  test('a streamed body with its checksum in the trailer is unframed and verified', async () => {
    await using opened = await open();
    const content = Buffer.alloc(300_000, 'stream');
    const Body = Readable.from([content.subarray(0, 100_001), content.subarray(100_001)]);
    const input = { Bucket, Key, Body, ContentLength: content.length };
    await opened.client.send(new PutObjectCommand(input));
    assert.equal(
      opened.server.requests[0]?.headers['x-amz-content-sha256'],
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    );
    const { Body: stored } = await opened.client.send(new GetObjectCommand({ Bucket, Key }));
    assert.ok(stored !== undefined);
    assert.ok(content.equals(await stored.transformToByteArray()));
  });

  test('a changed header or a wrong secret does not pass the signature', async () => {
    await using opened = await open({ secretAccessKey: 'wrong' });
    await assert.rejects(opened.client.send(new ListObjectsV2Command({ Bucket })), {
      name: 'SignatureDoesNotMatch',
    });
    const response = await fetch(`${opened.server.endpoint}/${Bucket}?list-type=2`);
    assert.equal(response.status, 403);
  });

  test('a lock is lengthened by anyone, shortened in governance mode by a bypass alone', async () => {
    await using opened = await open();
    const { client, server } = opened;
    const writer = connect(server, 'writer');
    const lock = (
      RetainUntilDate: Date,
    ): { Retention: { Mode: 'GOVERNANCE'; RetainUntilDate: Date } } => ({
      Retention: { Mode: 'GOVERNANCE', RetainUntilDate },
    });
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'x',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: inAnHour(),
      }),
    );
    const later = new Date(Date.now() + 7_200_000);
    const sooner = new Date(Date.now() + 60_000);
    const change = (date: Date, bypass = false): PutObjectRetentionCommand =>
      new PutObjectRetentionCommand({
        Bucket,
        Key,
        ...lock(date),
        BypassGovernanceRetention: bypass,
      });
    await writer.send(change(later));
    await assert.rejects(writer.send(change(sooner)), { name: 'AccessDenied' });
    await assert.rejects(writer.send(change(sooner, true)), { name: 'AccessDenied' });
    await client.send(change(sooner, true));
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key }));
    assert.deepEqual(Retention?.RetainUntilDate, sooner);
    writer.destroy();
  });

  test('a compliance lock yields to nobody', async () => {
    await using opened = await open();
    const { client } = opened;
    const Mode = 'COMPLIANCE';
    const { VersionId } = await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'x',
        ObjectLockMode: Mode,
        ObjectLockRetainUntilDate: inAnHour(),
      }),
    );
    const bypass = { BypassGovernanceRetention: true };
    const Retention = { Mode, RetainUntilDate: new Date(Date.now() + 60_000) } as const;
    const denied = { name: 'AccessDenied' };
    await assert.rejects(
      client.send(new PutObjectRetentionCommand({ Bucket, Key, Retention, ...bypass })),
      denied,
    );
    await assert.rejects(
      client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, ...bypass })),
      denied,
    );
  });

  test('a delete while a conditional put is under way makes it 409', async () => {
    await using opened = await open();
    const { client, server } = opened;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      await until(() => server.requests.some(({ operation }) => operation === 'PutObject'));
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      yield Buffer.alloc(10);
    }
    const Body = Readable.from(body());
    await assert.rejects(
      client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: 20, IfNoneMatch: '*' })),
      { name: 'ConditionalRequestConflict' },
    );
  });

  test('a part below the minimum, a wrong part and a wrong order are refused', async () => {
    await using opened = await open();
    const { client } = opened;
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const etags: string[] = [];
    for (const PartNumber of [1, 2]) {
      const part = { Bucket, Key, UploadId, PartNumber, Body: 'small' };
      etags.push((await client.send(new UploadPartCommand(part))).ETag ?? '');
    }
    const complete = (numbers: number[], ETag = etags[0]): CompleteMultipartUploadCommand =>
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: numbers.map((PartNumber) => ({ PartNumber, ETag })) },
      });
    await assert.rejects(client.send(complete([1, 2])), { name: 'EntityTooSmall' });
    await assert.rejects(client.send(complete([2, 1])), { name: 'InvalidPartOrder' });
    await assert.rejects(client.send(complete([1], '"else"')), { name: 'InvalidPart' });
    await client.send(complete([2]));
    await assert.rejects(client.send(complete([2])), { name: 'NoSuchUpload' });
  });

  test('versions and uploads are listed in pages, none left out or repeated', async () => {
    await using opened = await open();
    const { client } = opened;
    for (let index = 0; index < 7; index += 1) {
      await client.send(new PutObjectCommand({ Bucket, Key: `k${index % 3}`, Body: `${index}` }));
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key: `k${index % 3}` }));
    }
    const versions: (string | undefined)[] = [];
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    do {
      const page = await client.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers }),
      );
      versions.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    } while (markers.KeyMarker !== undefined);
    assert.equal(new Set(versions).size, 7);
    assert.equal(versions.length, 7);

    const uploads: (string | undefined)[] = [];
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    do {
      const page = await client.send(
        new ListMultipartUploadsCommand({ Bucket, MaxUploads: 2, ...after }),
      );
      uploads.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
      after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    } while (after.KeyMarker !== undefined);
    assert.equal(new Set(uploads).size, 7);
    assert.equal(uploads.length, 7);
  });
});

interface Opened extends AsyncDisposable {
  readonly server: S3Server;
  readonly client: S3Client;
}

async function open(credentials: { secretAccessKey?: string } = {}): Promise<Opened> {
  const server = await startS3Server();
  const client = connect(server, 'full', credentials);
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

function connect(
  server: S3Server,
  role: string,
  credentials: { secretAccessKey?: string } = {},
): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    credentials: {
      accessKeyId: `TEST${role.toUpperCase()}`,
      secretAccessKey: `test-secret-${role}`,
      ...credentials,
    },
  });
}

const silent = (): void => undefined;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
