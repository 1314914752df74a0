import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine } from '../../backup-agent/cli/render/steps.ts';

const mebibyte = 2 ** 20;

test('a line says how much of the whole is done, how fast, and how long it will take', () => {
  const total = { amount: 40 * mebibyte, unit: 'bytes' };
  assert.equal(
    progressLine('copy', 10 * mebibyte, total, 2_000),
    'copy: 10 MiB of 40 MiB, 25 %, 5.0 MiB/s, 6.0 s left',
  );
});

test('entries are counted with the bytes in them and the segment in the making', () => {
  assert.equal(
    progressLine('back up', 500, { amount: 2_000, unit: 'entries' }, 1_000, {
      bytes: 3 * mebibyte,
      segment: 7,
    }),
    'back up: 500 of 2,000 entries, 25 %, 500 entries/s, 3.0 s left, 3.0 MiB at 3.0 MiB/s, segment 7',
  );
});

test('what is worked on stands at the end, and cannot write to the terminal', () => {
  assert.equal(
    progressLine('copy', 10 * mebibyte, { amount: 40 * mebibyte, unit: 'bytes' }, 2_000, {
      at: 'crm.de\u001b[31mals',
    }),
    'copy: 10 MiB of 40 MiB, 25 %, 5.0 MiB/s, 6.0 s left, crm.de\\u001b[31mals',
  );
});

test('without a whole, or past what it was taken for, nothing is promised', () => {
  const firstTime = { amount: 0, unit: 'entries' };
  assert.equal(
    progressLine('back up', 500, firstTime, 1_000),
    'back up: 500 entries, 500 entries/s',
  );
  const grown = { amount: 400, unit: 'entries' };
  assert.equal(progressLine('back up', 500, grown, 1_000), 'back up: 500 entries, 500 entries/s');
  assert.equal(progressLine('load', 12, undefined, 1_000), 'load: 12');
});
