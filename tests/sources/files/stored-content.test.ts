import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { StoredContent } from '../../../backup-agent/sources/files/stored-content.ts';

const digestOf = (number: number) =>
  createHash('sha256').update(String(number)).digest('base64url');

test('what was stored is found where it is, and nothing else is', () => {
  const stored = new StoredContent(100);
  const extent = (number: number) => ({
    backup: `backup-${number % 5}`,
    segment: number % 1000,
    offset: number * 2 ** 24,
    length: number + 1,
  });
  for (let number = 0; number < 20_000; number++) stored.add(digestOf(number), [extent(number)]);
  for (let number = 0; number < 20_000; number++)
    assert.deepEqual(stored.find(digestOf(number)), [extent(number)]);
  assert.equal(stored.find(digestOf(20_000)), undefined);
});

test('the first place of a content stays, and sizes are known from the limit on', () => {
  const stored = new StoredContent(100);
  const first = { backup: 'a', segment: 1, offset: 0, length: 99 };
  stored.add(digestOf(1), [first]);
  stored.add(digestOf(1), [{ ...first, segment: 2 }]);
  stored.add(digestOf(2), [{ ...first, length: 100 }]);
  assert.deepEqual(stored.find(digestOf(1)), [first]);
  assert.equal(
    stored.mayHaveLarge(99, () => 1),
    false,
  );
  assert.equal(
    stored.mayHaveLarge(100, () => 1),
    true,
  );
});

test('of large contents of one size those are told apart that begin differently', () => {
  const stored = new StoredContent(100);
  const extent = { backup: 'a', segment: 1, offset: 0, length: 100 };
  const half = { ...extent, length: 50 };
  stored.add(digestOf(1), [extent], 1);
  stored.add(digestOf(2), [half, half], 2);
  const may = (beginning: number | undefined) => stored.mayHaveLarge(100, () => beginning);
  assert.deepEqual([1, 2, 3, undefined].map(may), [true, true, false, true]);
  // Of what an earlier backup holds, the beginning is not known: it may be any.
  stored.add(digestOf(3), [{ ...extent, segment: 2 }]);
  stored.add(digestOf(4), [{ ...extent, segment: 3 }], 4);
  assert.deepEqual([1, 3].map(may), [true, true]);
});
