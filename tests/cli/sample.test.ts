import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSample } from '../../backup-agent/cli/sample.ts';

test('a sample is a share, a size or a rotating part', () => {
  assert.deepEqual(parseSample('5%'), { type: 'share', share: 0.05 });
  assert.deepEqual(parseSample('100%'), { type: 'share', share: 1 });
  assert.deepEqual(parseSample('10GiB'), { type: 'bytes', bytes: 10 * 2 ** 30 });
  assert.deepEqual(parseSample('1/7'), { type: 'part', parts: 7 });
});

test('anything else is refused as a value of the option', () => {
  for (const text of ['', '0%', '101%', '-5%', '1/0', '2/7', '7', '10 GiB', '5 %', '1/99999'])
    assert.throws(() => parseSample(text), { code: 'commander.invalidArgument' }, text);
});
