import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { compress } from '../../backup-agent/stream/compress.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import {
  storedFrameBytes,
  storeFrame,
  takeStoredContent,
} from '../../backup-agent/stream/stored-frame.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { needing } from '../support/programs.ts';
import { rounds } from '../support/scale.ts';
import { collect, inPieces } from './streams.ts';
import { run } from './tools.ts';

const mebibyte = 1024 * 1024;

const pack = (content: Uint8Array, cores = 1) =>
  collect(through(inPieces(content, 300_000), [compress({ cores })]));
const unpack = (stream: Uint8Array) => collect(through(inPieces(stream, 100_000), [decompress()]));

const text = (bytes: number) => Buffer.alloc(bytes, 'Called about the contract. ');

test('any zstd reads a stored frame, whatever its size', needing('zstd'), async () => {
  for (const bytes of [1, 100, 128 * 1024, 128 * 1024 + 1, mebibyte - 1, mebibyte]) {
    const content = randomBytes(bytes);
    const frame = storeFrame(content, new Uint8Array(storedFrameBytes(bytes) + 10));
    assert.equal(frame.length, storedFrameBytes(bytes));
    assert.deepEqual(await run('zstd', ['-d', '-c', '-q'], frame), content);
    assert.deepEqual(zstdDecompressSync(frame), content);
    const room = new Uint8Array(bytes);
    assert.ok(takeStoredContent(frame, room));
    assert.deepEqual(Buffer.from(room), content);
  }
});

test('what does not compress is stored as it is, and what follows is compressed again', async () => {
  const noise = randomBytes(8 * mebibyte);
  const packed = await pack(noise);
  assert.ok(packed.length < noise.length + 8 * 64, `${packed.length} bytes`);
  assert.deepEqual(await unpack(packed), noise);

  const mixed = Buffer.concat([noise, text(8 * mebibyte), noise.subarray(0, 3 * mebibyte + 7)]);
  for (const cores of [1, 3]) {
    const stream = await pack(mixed, cores);
    assert.ok(stream.length < 11.1 * mebibyte, `${stream.length} bytes`);
    assert.deepEqual(await unpack(stream), mixed);
    assert.deepEqual(zstdDecompressSync(stream), mixed);
  }
});

test('a block with a compressible part among noise is not taken for noise', async () => {
  const noise = () => randomBytes(mebibyte);
  const halves = Buffer.concat([text(mebibyte / 2), randomBytes(mebibyte / 2)]);
  const packed = await pack(Buffer.concat([noise(), noise(), halves, noise(), halves]));
  assert.ok(packed.length < 4.1 * mebibyte, `${packed.length} bytes`);
});

test('a frame of another make is left to the decoder', () => {
  const content = randomBytes(200_000);
  const room = new Uint8Array(content.length);
  const params = { [constants.ZSTD_c_checksumFlag]: 1 };
  assert.equal(takeStoredContent(zstdCompressSync(content, { params }), room), false);
  assert.equal(takeStoredContent(zstdCompressSync(text(200_000)), room), false);
  const frame = storeFrame(content, new Uint8Array(storedFrameBytes(content.length)));
  for (const at of [9, 10, 11, 12 + 128 * 1024]) {
    const changed = Buffer.from(frame);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(takeStoredContent(changed, room), false);
  }
  assert.equal(takeStoredContent(frame, new Uint8Array(content.length - 1)), false);
  assert.equal(takeStoredContent(frame, new Uint8Array(content.length + 1)), false);
});

test('a stored frame whose structure was changed is refused, or holds what it held', async () => {
  const content = randomBytes(300_000);
  const frame = storeFrame(content, new Uint8Array(storedFrameBytes(content.length)));
  const headers = [...Array(12).keys(), 12 + 128 * 1024, 13 + 128 * 1024, 14 + 128 * 1024];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...headers), fc.nat(7), async (at, bit) => {
      const changed = Buffer.from(frame);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      try {
        assert.deepEqual(await unpack(changed), content);
      } catch (error) {
        assert.ok(isHoldfastError(error, 'compressed-damaged'), String(error));
      }
    }),
    { numRuns: rounds(60, 2000) },
  );
  for (const end of [9, 12, 1000, 12 + 128 * 1024, frame.length - 1])
    await assert.rejects(unpack(frame.subarray(0, end)), { code: 'compressed-damaged' });
});
