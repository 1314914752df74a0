import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  RowDigest,
  rowDigestAlgorithm,
  rowDigestPattern,
  type RowDigestAlgorithm,
} from '../../../backup-agent/sources/postgres/row-digest.ts';

const row = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\n', ''));
const rows = fc.array(row);

for (const algorithm of ['murmur3', 'sha256'] satisfies RowDigestAlgorithm[])
  describe(algorithm, () => {
    function digestOf(texts: readonly string[], chunkBytes = 7): { rows: number; digest: string } {
      const digest = new RowDigest(algorithm);
      const text = Buffer.from(texts.map((line) => `${line}\n`).join(''));
      for (let at = 0; at < text.length; at += chunkBytes)
        digest.update(text.subarray(at, at + chunkBytes));
      return digest.result();
    }

    test('neither the order of rows nor the size of chunks matters', () => {
      fc.assert(
        fc.property(rows, fc.integer({ min: 1, max: 50 }), (texts, chunk) => {
          assert.deepEqual(digestOf(texts.toReversed(), chunk), digestOf(texts, 1000));
        }),
      );
    });

    test('a row more, less, changed or twice gives another digest', () => {
      const base = digestOf(['a', 'b', 'c']).digest;
      for (const texts of [
        ['a', 'b'],
        ['a', 'b', 'c', ''],
        ['a', 'b', 'd'],
        ['a', 'b', 'c', 'c'],
        ['ab', 'c'],
      ])
        assert.notEqual(digestOf(texts).digest, base, texts.join());
      // With XOR these two would be the same.
      assert.notEqual(digestOf(['a', 'x', 'x']).digest, digestOf(['a', 'y', 'y']).digest);
    });

    test('values that change places, within a row or between rows, give another digest', () => {
      const cell = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
      fc.assert(
        fc.property(cell, cell, cell, cell, (a, b, c, d) => {
          const pairs = digestOf([`${a}\t${b}`, `${c}\t${d}`]).digest;
          if (a !== b) assert.notEqual(digestOf([`${b}\t${a}`, `${c}\t${d}`]).digest, pairs);
          if (a !== c && b !== d)
            assert.notEqual(digestOf([`${a}\t${d}`, `${c}\t${b}`]).digest, pairs);
        }),
      );
    });

    test('any one bit of a row matters, wherever the row is cut', () => {
      const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 }).map((b) => b.map((x) => x | 16));
      fc.assert(
        fc.property(
          bytes,
          fc.nat(),
          fc.nat(6),
          fc.integer({ min: 1, max: 20 }),
          (text, at, bit, n) => {
            const other = Uint8Array.from(text);
            const place = at % text.length;
            other[place] = (other[place] ?? 0) ^ (bit >= 4 ? 1 << (bit + 1) : 1 << bit);
            const [one, two] = [text, other].map((bytes) => {
              const digest = new RowDigest(algorithm);
              for (let from = 0; from < bytes.length; from += n)
                digest.update(bytes.subarray(from, from + n));
              digest.update(Buffer.from('\n'));
              return digest.result().digest;
            });
            assert.notEqual(one, two);
          },
        ),
      );
    });

    test('the digests of parts add up to that of the whole', () => {
      const whole = new RowDigest(algorithm);
      for (const part of [['a', 'b'], [], ['c']]) whole.add(digestOf(part));
      assert.deepEqual(whole.result(), digestOf(['c', 'b', 'a']));
    });

    test('two that are fed in turns do not mix', () => {
      fc.assert(
        fc.property(rows, rows, (left, right) => {
          const digests = [new RowDigest(algorithm), new RowDigest(algorithm)] as const;
          const texts = [left, right].map((part) =>
            Buffer.from(part.map((l) => `${l}\n`).join('')),
          );
          const longest = Math.max(...texts.map((text) => text.length));
          for (let at = 0; at < longest; at += 5)
            for (const [side, digest] of digests.entries())
              digest.update(texts[side]?.subarray(at, at + 5) ?? Buffer.alloc(0));
          assert.deepEqual(
            digests.map((digest) => digest.result()),
            [digestOf(left), digestOf(right)],
          );
        }),
      );
    });

    test('a row of many megabytes is digested without being held, and the same', () => {
      const long = 'x'.repeat(5_000_000);
      assert.deepEqual(digestOf([long, 'a'], 65_536), digestOf(['a', long], 10_000_000));
    });

    test('text that ends inside a row is an error', () => {
      const digest = new RowDigest(algorithm);
      digest.update(Buffer.from('a\nb'));
      assert.throws(() => digest.result(), /ended inside a row/);
    });

    test('a digest tells what made it', () => {
      const { digest } = digestOf(['a']);
      assert.equal(rowDigestAlgorithm(digest), algorithm);
      assert.match(digest, rowDigestPattern);
    });
  });

test('digests of different kinds are never added up', () => {
  const old = new RowDigest('sha256').result();
  assert.throws(() => new RowDigest('murmur3').add(old), /cannot take in/);
});
