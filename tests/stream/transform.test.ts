import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { pipeline } from 'node:stream/promises';
import test from 'node:test';
import * as fc from 'fast-check';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { ByteReader } from '../../backup-agent/stream/byte-reader.ts';
import { coalesce, ownBlocks } from '../../backup-agent/stream/coalesce.ts';
import { compress } from '../../backup-agent/stream/compress.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { digest } from '../../backup-agent/stream/digest.ts';
import { donate, releasing, takeDonated } from '../../backup-agent/stream/donated.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { release, takeBlock } from '../../backup-agent/stream/release.ts';
import { through, type ByteSource } from '../../backup-agent/stream/transform.ts';
import { collect, inPieces } from './streams.ts';

const key = await generateIdentity();
const mebibyte = 1024 * 1024;

/** The whole way there and back. */
const everything = () => [
  compress({ cores: 2 }),
  encrypt([key.recipient]),
  digest().transform,
  decrypt([key.identity]),
  decompress(),
];

/** A source without end that counts what was asked of it and notes that it was closed. */
function endlessSource(): ByteSource & { pulled: number; closed: boolean } {
  const block = randomBytes(mebibyte);
  const state = {
    pulled: 0,
    closed: false,
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) {
          state.pulled += 1;
          yield block;
        }
      } finally {
        state.closed = true;
      }
    },
  };
  return state;
}

test('blocks are exactly as large as asked, and together the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 20 }),
      async (pieces, blockBytes) => {
        const blocks: Uint8Array[] = [];
        const all = await collect(through(pieces, [coalesce(blockBytes)]), blocks);
        assert.deepEqual(all, Buffer.concat(pieces));
        assert.ok(blocks.slice(0, -1).every((block) => block.length === blockBytes));
        const last = blocks.at(-1);
        assert.ok(last === undefined || (last.length > 0 && last.length <= blockBytes));
      },
    ),
  );
});

test('a block that is given away is handed on as it is, any other as a copy', async () => {
  const given = donate(Uint8Array.from(randomBytes(1000)));
  const kept = Uint8Array.from(randomBytes(1000));
  const blocks = await Array.fromAsync(ownBlocks([given, kept], 1000));
  assert.equal(blocks[0], given);
  assert.notEqual(blocks[1]?.buffer, kept.buffer);
  assert.deepEqual(blocks[1], Buffer.from(kept));
  // Nobody else may have it now.
  assert.equal(takeDonated(given), false);
});

test('a block that is given away keeps its place among others, whatever their sizes', async () => {
  const sizes = fc.array(fc.constantFrom(0, 1, 99, 100, 100, 101, 250));
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const chunks = lengths.map((length) => donate(Uint8Array.from(randomBytes(length))));
      const expected = Buffer.concat(chunks);
      const blocks = await Array.fromAsync(ownBlocks(chunks, 100));
      assert.deepEqual(Buffer.concat(blocks), expected);
      assert.ok(blocks.slice(0, -1).every((block) => block.length === 100));
    }),
  );
});

test('memory that was given away is given back only when the next chunk is asked for', async () => {
  const given = donate(Uint8Array.from(randomBytes(100)));
  const kept = Uint8Array.from(randomBytes(100));
  async function* source(): AsyncGenerator<Uint8Array, void> {
    yield given;
    yield kept;
  }
  const chunks = releasing(source());
  assert.equal((await chunks.next()).value, given);
  assert.equal(given.length, 100);
  assert.equal((await chunks.next()).value, kept);
  assert.equal(given.length, 0);
  await chunks.next();
  assert.equal(kept.length, 100);
});

test('memory that was released serves the next block of its size, and its former view is empty', () => {
  const first = takeBlock(1001);
  const second = takeBlock(1001);
  first.fill(1);
  release(first);
  assert.equal(first.length, 0);
  const again = takeBlock(1001);
  assert.ok(again.every((byte) => byte === 1));
  // Nobody else has it: what is written to one is not seen in another.
  again.fill(2);
  assert.notEqual(takeBlock(1001).buffer, again.buffer);
  assert.equal(second.length, 1001);
});

test('what a reader was given is good until it reads on, and released then', async () => {
  const given = donate(Uint8Array.from([1, 2, 3, 4]));
  const kept = Uint8Array.from([5, 6, 7, 8]);
  await using reader = new ByteReader([given, kept]);
  const piece = await reader.read(4);
  assert.equal(await reader.ended(), false);
  assert.deepEqual([...piece], [1, 2, 3, 4]);
  assert.deepEqual([...(await reader.read(2))], [5, 6]);
  assert.equal(piece.length, 0);
  await reader.read(2);
  await reader.read(1);
  assert.equal(kept.length, 4);
});

test('the transforms run in a pipeline() of node:stream too', async () => {
  const content = randomBytes(3 * mebibyte);
  const pieces: Uint8Array[] = [];
  await pipeline(
    inPieces(content, 100_000),
    compress(),
    encrypt([key.recipient]),
    decrypt([key.identity]),
    decompress(),
    async (flow: AsyncIterable<Uint8Array>) => {
      await collect(flow, pieces);
    },
  );
  assert.deepEqual(Buffer.concat(pieces), content);
});

test('what nobody reads is not produced: the source is asked for a few blocks ahead, no more', async () => {
  const source = endlessSource();
  const flow = through(source, everything())[Symbol.asyncIterator]();
  let received = 0;
  while (received < 20 * mebibyte) {
    received += (await flow.next()).value?.length ?? 0;
    assert.ok(source.pulled < received / mebibyte + 12, `${source.pulled} blocks for ${received}`);
  }
  await flow.return?.();
});

test('leaving early closes the source', async () => {
  const source = endlessSource();
  for await (const chunk of through(source, everything())) if (chunk.length > 0) break;
  assert.equal(source.closed, true);
});

test('an abort rejects with its reason and closes the source', async () => {
  const source = endlessSource();
  const controller = new AbortController();
  const reason = new Error('stopped by the operator');
  let received = 0;
  await assert.rejects(async () => {
    for await (const chunk of through(source, everything(), { signal: controller.signal })) {
      received += chunk.length;
      if (received > 5 * mebibyte) controller.abort(reason);
    }
  }, reason);
  assert.equal(source.closed, true);
});

test('an abort ends the wait for a source that says nothing', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped by the operator');
  const asked = Promise.withResolvers<void>();
  async function* silent(): AsyncGenerator<Uint8Array, void> {
    yield randomBytes(10);
    asked.resolve();
    await new Promise(() => undefined);
  }
  const reading = collect(through(silent(), everything(), { signal: controller.signal }));
  reading.catch(() => undefined);
  await asked.promise;
  controller.abort(reason);
  await assert.rejects(reading, reason);
});

test('an abort before the start asks nothing of the source', async () => {
  const source = endlessSource();
  const reason = new Error('never mind');
  await assert.rejects(
    collect(through(source, everything(), { signal: AbortSignal.abort(reason) })),
    reason,
  );
  assert.equal(source.pulled, 0);
});

test('a failing source fails the whole flow with its own error, and no other goes unhandled', async () => {
  const cause = new Error('the connection broke');
  async function* failing(): AsyncGenerator<Uint8Array, void> {
    yield randomBytes(5 * mebibyte);
    throw cause;
  }
  await assert.rejects(collect(through(failing(), everything())), cause);
});

test('a signal that outlives many streams is not weighed down by them', async () => {
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++)
    await collect(through([randomBytes(10)], everything(), { signal }));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
