import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { isHoldfastError } from '../../backup-agent/errors/holdfast-error.ts';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { ByteReader } from '../../backup-agent/stream/byte-reader.ts';
import { compress } from '../../backup-agent/stream/compress.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { through } from '../../backup-agent/stream/transform.ts';
import { splitFrames } from '../../backup-agent/stream/zstd-frames.ts';
import { rounds } from '../support/scale.ts';
import { collect, inPieces } from './streams.ts';
import { run } from './tools.ts';
import { needing } from '../support/programs.ts';

const mebibyte = 1024 * 1024;
const sizes = [0, 1, 100, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 5];

const pack = (content: Uint8Array, options = {}) =>
  collect(through([content], [compress(options)]));
const unpack = (stream: Uint8Array, pieceBytes = stream.length) =>
  collect(through(inPieces(stream, Math.max(pieceBytes, 1)), [decompress()]));

/** Compressible, and different everywhere, so that a swapped block shows. */
function lines(bytes: number): Buffer {
  const text = Buffer.alloc(bytes);
  for (let offset = 0, line = 0; offset < bytes; line++)
    offset += text.write(`${line}\tcontact ${line % 977}\tactive\n`, offset, 'latin1');
  return text;
}

test('whatever is compressed in pieces of any size decompresses to the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(3 * mebibyte),
      fc.integer({ min: 1000, max: 2 * mebibyte }),
      fc.integer({ min: 100, max: 2 * mebibyte }),
      fc.integer({ min: 1, max: 4 }),
      async (bytes, written, read, concurrency) => {
        const content = lines(bytes);
        const packed = await collect(
          through(inPieces(content, written), [compress({ level: 1, cores: concurrency })]),
        );
        assert.deepEqual(await unpack(packed, read), content);
      },
    ),
    { numRuns: rounds(20, 500) },
  );
});

test(
  'the zstd command reads what we write, at every level and size, incompressible or not',
  needing('zstd'),
  async () => {
    for (const bytes of sizes)
      for (const content of [lines(bytes), randomBytes(bytes)])
        assert.deepEqual(await run('zstd', ['-d', '-c', '-q'], await pack(content)), content);
    const content = lines(mebibyte + 10);
    for (const level of [1, 3, 9, 19])
      assert.deepEqual(
        await run('zstd', ['-d', '-c', '-q'], await pack(content, { level })),
        content,
      );
    assert.deepEqual(
      await run('zstd', ['-d', '-c', '-q'], await pack(content, { content: 'rows' })),
      content,
    );
  },
);

test(
  'we read what the zstd command writes, in one frame of any size',
  needing('zstd'),
  async () => {
    for (const bytes of [...sizes, 9 * mebibyte])
      for (const flags of [['-3'], ['--no-check'], ['--long=24'], [`--stream-size=${bytes}`]])
        assert.deepEqual(
          await unpack(await run('zstd', ['-c', '-q', ...flags], lines(bytes)), 100_000),
          lines(bytes),
        );
  },
);

/** A skippable frame of so many bytes. */
function padding(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes);
  frame.writeUInt32LE(0x184d2a50);
  frame.writeUInt32LE(bytes - 8, 4);
  return frame;
}

test('every frame says how much it holds, so that it can be read in one go', async () => {
  for (const [size, expected] of [
    [0, [0]],
    [1, [1]],
    [300, [300]],
    [2.5 * mebibyte, [mebibyte, mebibyte, mebibyte / 2]],
  ] as const) {
    const packed = await collect(through([Buffer.alloc(size, 'text')], [compress()]));
    const sizes: (number | undefined)[] = [];
    await using reader = new ByteReader([packed]);
    for await (const { contentBytes, pieces } of splitFrames(reader)) {
      sizes.push(contentBytes);
      for await (const _ of pieces);
    }
    assert.deepEqual(sizes, expected);
  }
});

test("small frames and contents, which lie in node's shared pool, pass like all others", async () => {
  const { recipient, identity } = await generateIdentity();
  const blocks = [Buffer.alloc(mebibyte), randomBytes(mebibyte), Buffer.alloc(20_000, 'a')];
  const stored = through(blocks, [compress(), encrypt([recipient])]);
  const restored = await collect(through(stored, [decrypt([identity]), decompress()]));
  assert.ok(restored.equals(Buffer.concat(blocks)));
});

test('frames that do not say how much they hold are read all the same', async () => {
  const contents = Array.from({ length: 5 }, () => randomBytes(100_000));
  const frames = contents.map((content) =>
    zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }),
  );
  assert.deepEqual(await unpack(Buffer.concat(frames)), Buffer.concat(contents));
});

test('a higher level makes text smaller', async () => {
  const content = lines(mebibyte);
  const [fast, small] = [await pack(content, { level: 1 }), await pack(content, { level: 19 })];
  assert.ok(small.length < fast.length, `${small.length} >= ${fast.length}`);
});

test('a stream delivered byte by byte is the same stream', async () => {
  const content = randomBytes(70_000);
  const packed = await collect(through(inPieces(content, 1), [compress()]));
  assert.deepEqual(await unpack(packed, 1), content);
});

test(
  'frames of different writers, and skippable ones, make one stream',
  needing('zstd'),
  async () => {
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const big = lines(5 * mebibyte);
    const stream = Buffer.concat([
      skippable,
      await pack(lines(10)),
      await run('zstd', ['-c', '-q'], big),
      zstdCompressSync(new Uint8Array()),
      skippable,
      await pack(lines(2 * mebibyte)),
    ]);
    const content = Buffer.concat([lines(10), big, lines(2 * mebibyte)]);
    for (const pieceBytes of [7919, stream.length])
      assert.deepEqual(await unpack(stream, pieceBytes), content);
  },
);

test(
  'a stream cut anywhere is refused, wherever a frame is left without its end',
  needing('zstd'),
  async () => {
    const packed = await pack(lines(5000));
    for (let length = 0; length < packed.length; length++) {
      const cut = packed.subarray(0, length);
      await assert.rejects(unpack(cut), { code: 'compressed-damaged' });
      if (length > 0)
        await assert.rejects(unpack(Buffer.concat([packed, cut])), { code: 'compressed-damaged' });
    }
    const piped = await run('zstd', ['-c', '-q'], lines(4 * mebibyte));
    for (const length of [3, 4, 5, 8, 100, piped.length / 2, piped.length - 4, piped.length - 1])
      await assert.rejects(unpack(piped.subarray(0, length), 10_000), {
        code: 'compressed-damaged',
      });
  },
);

test('anything behind or between the frames is refused, not ignored', async () => {
  const packed = await pack(lines(1000));
  for (const garbage of ['x', 'garbage', '\0\0\0\0', '\n'])
    await assert.rejects(unpack(Buffer.concat([packed, Buffer.from(garbage)])), {
      code: 'compressed-damaged',
    });
  // Where the feed of the decoder ends exactly with a frame, and where much follows.
  for (const frames of [packed, Buffer.concat([packed, padding(128 * 1024 - packed.length)])])
    for (const garbage of ['x', 'garbage', 'x'.repeat(mebibyte)])
      await assert.rejects(unpack(Buffer.concat([frames, Buffer.from(garbage)])), {
        code: 'compressed-damaged',
      });
  await assert.rejects(unpack(Buffer.from('plain text')), { code: 'compressed-damaged' });
});

test('a flipped bit never yields other bytes', needing('zstd'), async () => {
  const content = lines(3 * mebibyte);
  const ours = await pack(content);
  const piped = await run('zstd', ['-c', '-q'], content);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(ours, piped), fc.nat(), fc.nat(7), async (packed, at, bit) => {
      const changed = Buffer.from(packed);
      const offset = at % packed.length;
      changed[offset] = (changed[offset] ?? 0) ^ (1 << bit);
      // One bit of a frame's descriptor means nothing, so flipping it may go unnoticed.
      try {
        assert.deepEqual(await unpack(changed, 100_000), content);
      } catch (error) {
        assert.ok(isHoldfastError(error, 'compressed-damaged'), String(error));
      }
    }),
    { numRuns: rounds(60, 3000) },
  );
});

test('a frame that pretends to be small is stopped, not stored', async () => {
  // A header that says 10 bytes of content, then raw blocks without end.
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 10]);
  const rawBlock = Buffer.concat([Buffer.from([0, 0, 16]), Buffer.alloc(128 * 1024)]);
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    yield header;
    for (;;) {
      pulled += rawBlock.length;
      yield rawBlock;
    }
  }
  await assert.rejects(collect(through(endless(), [decompress()])), { code: 'compressed-damaged' });
  assert.ok(pulled < mebibyte, `${pulled} bytes read`);
  // More content than the header says.
  const bomb = zstdCompressSync(Buffer.alloc(1000), {
    params: { [constants.ZSTD_c_contentSizeFlag]: 1 },
  });
  const lying = Buffer.from(bomb);
  lying[5] = 10;
  await assert.rejects(unpack(lying), { code: 'compressed-damaged' });
});

test('an error of the source passes through unchanged', needing('zstd'), async () => {
  const cause = new Error('the disk went away');
  const packed = await run('zstd', ['-c', '-q'], lines(5 * mebibyte));
  async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
    yield* inPieces(bytes, 1000);
    throw cause;
  }
  for (const stream of [packed.subarray(0, 100_000), await pack(lines(100))])
    await assert.rejects(collect(through(failing(stream), [decompress()])), cause);
  await assert.rejects(collect(through(failing(lines(2 * mebibyte)), [compress()])), cause);
});
