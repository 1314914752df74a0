import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { oneAhead } from '../../backup-agent/stream/ahead.ts';

/** Chunks of one byte, and how many of them were asked for. */
function counted(chunks: number, failAt = Infinity) {
  const seen = { asked: 0, closed: false };
  return {
    seen,
    source: (async function* () {
      try {
        for (let number = 1; number <= chunks; number++) {
          seen.asked = number;
          if (number === failAt) throw new Error(`chunk ${number} failed`);
          yield Uint8Array.of(number);
        }
      } finally {
        seen.closed = true;
      }
    })(),
  };
}

test('the next chunk is asked for while one is used, and no other', async () => {
  const { seen, source } = counted(5);
  const asked: number[] = [];
  const passed: number[] = [];
  for await (const [byte = 0] of oneAhead(source)) {
    await setImmediate();
    asked.push(seen.asked);
    passed.push(byte);
  }
  assert.deepEqual(passed, [1, 2, 3, 4, 5]);
  assert.deepEqual(asked, [2, 3, 4, 5, 5]);
});

test('what fails does so in its turn, and whoever leaves early closes the source', async () => {
  const failing = counted(5, 3);
  const passed: number[] = [];
  await assert.rejects(async () => {
    for await (const [byte = 0] of oneAhead(failing.source)) passed.push(byte);
  }, /chunk 3 failed/);
  assert.deepEqual(passed, [1, 2]);

  const left = counted(5);
  for await (const _ of oneAhead(left.source)) break;
  assert.ok(left.seen.closed);
  const leftBeforeFault = counted(5, 2);
  for await (const _ of oneAhead(leftBeforeFault.source)) break;
  assert.ok(leftBeforeFault.seen.closed);
});
