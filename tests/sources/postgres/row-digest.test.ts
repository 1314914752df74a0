import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RowDigest } from '../../../backup-agent/sources/postgres/row-digest.ts';

function digestOf(rows: readonly string[], chunkBytes = 7): { rows: number; digest: string } {
  const digest = new RowDigest();
  const text = Buffer.from(rows.map((row) => `${row}\n`).join(''));
  for (let at = 0; at < text.length; at += chunkBytes)
    digest.update(text.subarray(at, at + chunkBytes));
  return digest.result();
}

const row = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ''));

test('neither the order of rows nor the size of chunks matters', () => {
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: 1, max: 50 }), (rows, chunk) => {
      assert.deepEqual(digestOf(rows.toReversed(), chunk), digestOf(rows, 1000));
    }),
  );
});

test('a row more, less, changed or twice gives another digest', () => {
  const base = digestOf(['a', 'b', 'c']).digest;
  for (const rows of [
    ['a', 'b'],
    ['a', 'b', 'c', ''],
    ['a', 'b', 'd'],
    ['a', 'b', 'c', 'c'],
    ['ab', 'c'],
  ])
    assert.notEqual(digestOf(rows).digest, base, rows.join());
  // With XOR these two would be the same.
  assert.notEqual(digestOf(['a', 'x', 'x']).digest, digestOf(['a', 'y', 'y']).digest);
});

test('the digests of parts add up to that of the whole', () => {
  const whole = new RowDigest();
  for (const part of [['a', 'b'], [], ['c']]) whole.add(digestOf(part));
  assert.deepEqual(whole.result(), digestOf(['c', 'b', 'a']));
});

test('a row of many megabytes is digested without being held, and the same', () => {
  const long = 'x'.repeat(5_000_000);
  assert.deepEqual(digestOf([long, 'a'], 65_536), digestOf(['a', long], 10_000_000));
});

test('text that ends inside a row is an error', () => {
  const digest = new RowDigest();
  digest.update(Buffer.from('a\nb'));
  assert.throws(() => digest.result(), /ended inside a row/);
});
