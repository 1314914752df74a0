import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mostParts, PartReader, partSize } from '../../backup-agent/storage/s3/parts.ts';

suite('the parts of an upload', () => {
  test('a known size never needs more parts than S3 takes', () => {
    for (const sizeBytes of [1, 2 ** 24, 160 * 2 ** 30 + 1, 5 * 2 ** 40]) {
      const size = partSize(1, 2 ** 24, sizeBytes);
      assert.ok(Math.ceil(sizeBytes / size) <= mostParts);
      assert.ok(size >= 2 ** 24);
    }
  });

  test('an unknown size has room for 390 GiB, in parts of 64 MiB at most', () => {
    let total = 0;
    for (let number = 1; number <= mostParts; number += 1) {
      const size = partSize(number, 2 ** 24, undefined);
      assert.ok(size <= 2 ** 26);
      total += size;
    }
    assert.ok(total > 390 * 2 ** 30);
  });

  for (const chunkBytes of [1, 3, 7, 10, 11, 25, 100])
    test(`a body in chunks of ${chunkBytes} is cut at the same places`, async () => {
      const body = Buffer.from(Array.from({ length: 95 }, (_, index) => index));
      for (const announced of [undefined, body.length]) {
        const reader = new PartReader(chunked(body, chunkBytes), announced);
        const parts: Buffer[] = [];
        for (let part = await reader.next(10); part.length > 0; part = await reader.next(10)) {
          parts.push(Buffer.from(part));
          reader.release(part);
        }
        assert.deepEqual(
          parts.map(({ length }) => length),
          [10, 10, 10, 10, 10, 10, 10, 10, 10, 5],
        );
        assert.ok(Buffer.concat(parts).equals(body));
      }
    });
});

async function* chunked(body: Buffer, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
}
