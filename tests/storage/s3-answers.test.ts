import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  bytes,
  digestOf,
  keysOf,
  patterned,
  streamed,
  textOf,
} from '../conformance/storage-content.ts';
import { s3Subject } from './subjects.ts';

const largeBytes = 12_000_007;
const tomorrow = (): Date => new Date(Date.now() + 86_400_000);

suite('S3 answers that fail, or get lost', () => {
  const losses = [
    ['the connection is cut after the object was stored', { kind: 'cut-after' }],
    [
      'the answer says 500 after the object was stored',
      { kind: 'status-after', status: 500, code: 'InternalError' },
    ],
    ['no answer comes after the object was stored', { kind: 'hang-after' }],
  ] as const;

  for (const [what, action] of losses) {
    test(`a conditional put succeeds when ${what}`, async () => {
      await using subject = await s3Subject('versioned', { idleTimeoutMs: 300 });
      const { storage, server } = subject;
      server.faults.arm({ operation: 'PutObject', action });
      const put = await storage.put('commit', bytes('mine'), { ifAbsent: true });
      assert.equal(put.etag, (await storage.stat('commit'))?.etag);
      assert.equal(put.version, (await storage.stat('commit'))?.version);
      assert.equal((await Array.fromAsync(storage.listVersions(''))).length, 1);
    });

    test(`a replacement succeeds when ${what}`, async () => {
      await using subject = await s3Subject('plain', { idleTimeoutMs: 300 });
      const { storage, server } = subject;
      const { etag } = await storage.put('lease', bytes('free'));
      server.faults.arm({ operation: 'PutObject', action });
      await storage.put('lease', bytes('taken'), { ifMatch: etag });
      assert.equal(await textOf(storage, 'lease'), 'taken');
    });

    test(`a conditional upload in parts succeeds when ${what}`, async () => {
      await using subject = await s3Subject('plain', { idleTimeoutMs: 1000 });
      const { storage, server } = subject;
      server.faults.arm({ operation: 'CompleteMultipartUpload', action });
      const body = streamed(patterned(largeBytes));
      const put = await storage.put('big', body, { ifAbsent: true });
      assert.equal(put.sizeBytes, largeBytes);
      assert.equal(put.etag, (await storage.stat('big'))?.etag);
    });
  }

  test('two writers of the same content are told apart: the second still loses', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    await storage.put('commit', bytes('same'), { ifAbsent: true });
    server.faults.arm({ operation: 'PutObject', action: { kind: 'cut' } });
    await assert.rejects(storage.put('commit', bytes('same'), { ifAbsent: true }), {
      code: 'storage-object-exists',
    });
  });

  test('a put that met a conflicting delete (409) is repeated', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    const conflict = { kind: 'status', status: 409, code: 'ConditionalRequestConflict' } as const;
    server.faults.arm({ operation: 'PutObject', action: conflict });
    await storage.put('commit', bytes('mine'), { ifAbsent: true });
    assert.equal(await textOf(storage, 'commit'), 'mine');
  });

  test('each part of an upload is repeated by itself', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    const slowDown = { kind: 'status', status: 503, code: 'SlowDown' } as const;
    server.faults.arm({ operation: 'UploadPart', times: 3, action: slowDown });
    server.faults.arm({ operation: 'UploadPart', action: { kind: 'cut-after' } });
    await storage.put('big', streamed(patterned(largeBytes)));
    await storage.put('other', streamed(patterned(largeBytes)));
    assert.equal(await digestOf(storage, 'big'), await digestOf(storage, 'other'));
  });

  test('an upload whose part fails for good is aborted', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    server.faults.arm({ operation: 'UploadPart', skip: 1, action: refused });
    await assert.rejects(storage.put('big', streamed(patterned(largeBytes))), {
      code: 'storage-denied',
    });
    assert.deepEqual(await keysOf(storage, ''), []);
    assert.equal(server.bucket('plain').uploads.size, 0);
  });

  test('uploads that a killed writer left are found and aborted, younger ones are kept', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    server.faults.arm({ operation: 'UploadPart', action: refused });
    server.faults.arm({ operation: 'AbortMultipartUpload', action: refused });
    await assert.rejects(storage.put('big', streamed(patterned(largeBytes))));
    assert.equal(server.bucket('plain').uploads.size, 1);
    assert.equal(await storage.removeUnfinished(new Date(Date.now() - 60_000)), 0);
    assert.equal(await storage.removeUnfinished(tomorrow()), 1);
    assert.equal(server.bucket('plain').uploads.size, 0);
  });

  test('an upload that was begun long ago and still receives parts is kept', async () => {
    let nowMs = Date.now();
    await using subject = await s3Subject('plain', {}, { clock: () => new Date(nowMs) });
    const { storage, server } = subject;
    const begun = nowMs;
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield* patterned(largeBytes);
      nowMs += 600_000;
      yield* patterned(largeBytes);
      const parts = (): number => [...server.bucket('plain').uploads.values()][0]?.parts.size ?? 0;
      while (parts() < 4) await new Promise(setImmediate);
      assert.equal(await storage.removeUnfinished(new Date(begun + 300_000)), 0);
    }
    await storage.put('big', slow());
    assert.equal((await storage.stat('big'))?.sizeBytes, 2 * largeBytes);
  });

  test('an upload that ends while the sweep looks at it is not counted', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    server.faults.arm({ operation: 'UploadPart', action: refused });
    server.faults.arm({ operation: 'AbortMultipartUpload', action: refused });
    await assert.rejects(storage.put('big', streamed(patterned(largeBytes))));
    const gone = { kind: 'status', status: 404, code: 'NoSuchUpload' } as const;
    server.faults.arm({ operation: 'ListParts', action: gone });
    assert.equal(await storage.removeUnfinished(tomorrow()), 0);
    server.faults.arm({ operation: 'AbortMultipartUpload', action: gone });
    assert.equal(await storage.removeUnfinished(tomorrow()), 0);
  });

  test('uploads of another prefix are left alone', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server, open } = subject;
    const refused = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    server.faults.arm({ operation: 'UploadPart', action: refused });
    server.faults.arm({ operation: 'AbortMultipartUpload', action: refused });
    await assert.rejects(open({ prefix: 'elsewhere' }).put('big', streamed(patterned(largeBytes))));
    assert.equal(await storage.removeUnfinished(tomorrow()), 0);
  });

  test('a read that is cut goes on where it stopped', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    await storage.put('big', streamed(patterned(3_000_001)));
    const expected = await digestOf(storage, 'big');
    for (const afterBytes of [1_000_000, 1_500_000, 0])
      server.faults.arm({ operation: 'GetObject', action: { kind: 'truncate', afterBytes } });
    assert.equal(await digestOf(storage, 'big'), expected);
    const ranges = server.requests.flatMap(({ headers }) => headers.range ?? []);
    assert.equal(ranges.length, 3);
  });

  test('a listing page that fails is asked for again', async () => {
    await using subject = await s3Subject('plain');
    const { storage, server } = subject;
    await storage.put('a', bytes('x'));
    server.faults.arm({ operation: 'ListObjectsV2', times: 2, action: { kind: 'cut' } });
    assert.deepEqual(await keysOf(storage, ''), ['a']);
  });

  test('Retry-After is waited for, and no longer than the attempts last', async () => {
    const pauses: number[] = [];
    const sleep = async (pauseMs: number): Promise<void> => void pauses.push(pauseMs);
    await using subject = await s3Subject('plain', {
      retry: { sleep, attempts: 3, random: () => 0.5, firstPauseMs: 100 },
    });
    const { storage, server } = subject;
    const action = { kind: 'status', status: 503, code: 'SlowDown', retryAfterSeconds: 7 } as const;
    server.faults.arm({ operation: 'HeadObject', action });
    server.faults.arm({
      operation: 'HeadObject',
      times: 9,
      action: { ...action, retryAfterSeconds: 0 },
    });
    await assert.rejects(storage.stat('a'), { code: 'storage-unreachable' });
    assert.deepEqual(pauses, [7000, 100]);
    assert.equal(server.requests.length, 3);
  });

  test('an endpoint that nobody listens on is storage-unreachable', async () => {
    await using subject = await s3Subject('plain', { retry: { attempts: 2, firstPauseMs: 1 } });
    const unreachable = subject.open({ endpoint: 'http://127.0.0.1:1' });
    await assert.rejects(unreachable.stat('a'), { code: 'storage-unreachable' });
    await assert.rejects(unreachable.put('a', bytes('x')), { code: 'storage-unreachable' });
  });

  test('a wrong secret and an unknown key id are storage-denied, at the first attempt', async () => {
    await using subject = await s3Subject('plain');
    for (const credentials of [
      { accessKeyId: 'TESTFULL', secretAccessKey: 'wrong' },
      { accessKeyId: 'NOBODY', secretAccessKey: 'wrong' },
    ]) {
      const storage = subject.open({ credentials });
      await assert.rejects(storage.put('a', bytes('x')), { code: 'storage-denied' });
      await assert.rejects(Array.fromAsync(storage.list('')), { code: 'storage-denied' });
    }
  });

  test('an answer that is no S3 answer is storage-unreachable', async () => {
    const page = createServer((request, response) => {
      request.resume();
      response.end('<html><body>Log in to the hotel network<br></body></html>');
    });
    await using closing = new AsyncDisposableStack();
    closing.defer(() => {
      page.close();
      page.closeAllConnections();
    });
    await once(page.listen(0, '127.0.0.1'), 'listening');
    const { port } = page.address() as AddressInfo;
    await using subject = await s3Subject('plain', { endpoint: `http://127.0.0.1:${port}` });
    const unreachable = { code: 'storage-unreachable' };
    await assert.rejects(Array.fromAsync(subject.storage.list('')), unreachable);
    await assert.rejects(subject.storage.put('a', bytes('x')), unreachable);
    await assert.rejects(subject.storage.stat('a'), unreachable);
    await assert.rejects(subject.storage.get('a'), unreachable);
    await assert.rejects(subject.storage.remove('a'), unreachable);
    await assert.rejects(subject.storage.put('b', streamed(patterned(6_000_001))), unreachable);
  });

  test('a reader slower than the idle limit still gets everything', async () => {
    await using subject = await s3Subject('plain', { idleTimeoutMs: 60_000 });
    const { storage: patient, server } = subject;
    const storage = subject.open({ idleTimeoutMs: 500 });
    await patient.put('big', streamed(patterned(20_000_003)));
    const expected = await digestOf(patient, 'big');
    const hash = createHash('sha256');
    let paused = false;
    for await (const chunk of await storage.get('big')) {
      hash.update(chunk);
      if (!paused) await delay(1200);
      paused = true;
    }
    assert.equal(hash.digest('hex'), expected);
    assert.ok(server.requests.some(({ headers }) => headers.range !== undefined));
  });

  test('a missing bucket is named', async () => {
    await using subject = await s3Subject('plain');
    const storage = subject.open({ bucket: 'nowhere' });
    await assert.rejects(storage.put('a', bytes('x')), /NoSuchBucket/);
  });

  test('the server’s clock is told, not ours', async () => {
    const serverTime = new Date('2031-05-06T07:08:09Z');
    const clock = (): Date => serverTime;
    await using subject = await s3Subject('plain', { clock: () => new Date(0) }, { clock });
    assert.deepEqual(await subject.storage.now(), serverTime);
  });
});
