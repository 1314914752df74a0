import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Murmur3Rows } from '../../../../backup-agent/sources/postgres/digests/murmur3-rows.ts';
import { assemble, assembled } from '../../../../scripts/assemble-wasm.ts';
import { murmur3 } from './murmur3.ts';

function sumOf(text: Uint8Array, chunkBytes: number): string {
  const sum = new Murmur3Rows();
  for (let at = 0; at < text.length; at += chunkBytes)
    sum.update(text.subarray(at, at + chunkBytes));
  return sum.sum();
}

/** As docs/format.md says it, one row after another. */
function sumBySpecification(rows: readonly Uint8Array[]): string {
  const sums = [0n, 0n];
  for (const row of rows)
    murmur3(row, 1n).forEach(
      (word, at) => (sums[at] = BigInt.asUintN(64, (sums[at] ?? 0n) + word)),
    );
  return sums.map((word) => word.toString(16).padStart(16, '0')).join('');
}

test('the second implementation gives the values that MurmurHash3_x64_128 is known for', () => {
  const known = { hello: 'cbd8a7b341bd9b025b1e906a48ae1d19', '': '0'.repeat(32) };
  const fox = { 'The quick brown fox jumps over the lazy dog': 'e34bbc7bbc071b6c7a433ca9c49a9347' };
  for (const [text, hash] of Object.entries({ ...known, ...fox }))
    assert.equal(
      murmur3(Buffer.from(text), 0n)
        .map((word) => word.toString(16).padStart(16, '0'))
        .join(''),
      hash,
    );
});

test('rows of any length, cut anywhere, sum up as the format says', () => {
  const row = fc
    .uint8Array({ maxLength: 80 })
    .map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte)));
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: 1, max: 100 }), (rows, chunkBytes) => {
      const text = Buffer.concat(rows.flatMap((bytes) => [bytes, Buffer.from('\n')]));
      assert.equal(sumOf(text, chunkBytes), sumBySpecification(rows));
    }),
  );
});

test('a row longer than the memory of the module sums up as the format says', () => {
  const row = Buffer.from(Array.from({ length: 300_000 }, (_, at) => 32 + (at % 90)));
  for (const chunkBytes of [1_000, 131_072, 1_000_000])
    assert.equal(
      sumOf(Buffer.concat([row, Buffer.from('\n')]), chunkBytes),
      sumBySpecification([row]),
    );
});

test('the module is what its text assembles to', async () => {
  for (const [text, module] of Object.entries(assembled)) {
    const found = await readFile(new URL(`../../../../${module}`, import.meta.url), 'utf8');
    assert.equal(found, await assemble(text), `${module} is stale: npm run wasm`);
  }
});
