import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import { ChangeStreamReader } from '../../../../backup-agent/sources/postgres/changes/change-stream.ts';
import { storedStream } from './support/message-builder.ts';

const malformed = (error: unknown) => isHoldfastError(error, 'document-malformed');
const messages = fc.array(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });

function read(stream: Buffer, chunkSizes: readonly number[], keepBytes?: number): Buffer[] {
  const reader = new ChangeStreamReader(keepBytes === undefined ? {} : { keepBytes });
  const found: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < stream.length; index++) {
    const end = at + (chunkSizes[index % chunkSizes.length] ?? 1);
    found.push(...reader.push(stream.subarray(at, end)));
    at = end;
  }
  reader.end();
  return found;
}

test('messages come out whole, however the stream is cut into chunks', () => {
  fc.assert(
    fc.property(messages, sizes, (all, chunkSizes) => {
      assert.deepEqual(read(storedStream(all), chunkSizes), all);
    }),
  );
});

test('with a limit, only the start of longer messages is kept', () => {
  fc.assert(
    fc.property(messages, sizes, fc.integer({ min: 1, max: 30 }), (all, chunkSizes, keep) => {
      const starts = all.map((message) => message.subarray(0, keep));
      assert.deepEqual(read(storedStream(all), chunkSizes, keep), starts);
    }),
  );
});

test('a stream cut anywhere is refused', () => {
  const stream = storedStream([Buffer.from('abc'), Buffer.from('defg')]);
  for (let length = 0; length < stream.length; length++) {
    assert.throws(() => read(stream.subarray(0, length), [7]), malformed);
  }
});

test('bytes after the end, a foreign signature and impossible lengths are refused', () => {
  const stream = storedStream([Buffer.from('abc')]);
  assert.throws(() => read(Buffer.concat([stream, Buffer.from('x')]), [9]), malformed);
  assert.throws(() => read(Buffer.from('PGDUMP'.padEnd(40, '\n')), [9]), malformed);
  for (const [offset, value] of [
    [19, 3],
    [21, 7],
    [33, 0],
    [33, -1],
    [33, 2 ** 31 - 1],
  ] as const) {
    const broken = Buffer.from(stream);
    if (offset === 19) broken.writeInt16BE(value, offset);
    else broken.writeInt32BE(value, offset);
    assert.throws(() => read(broken, [9]), malformed, `${value} at ${offset}`);
  }
});

test('hostile bytes end in an error or a list, never a hang', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (bytes, chunkSizes) => {
      const stream = Buffer.concat([storedStream([]).subarray(0, 19), bytes]);
      try {
        read(stream, chunkSizes);
      } catch (error) {
        if (!malformed(error)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});
