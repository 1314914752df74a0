import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatsFor } from '../../pages/formats.ts';

const en = formatsFor('en');
const zh = formatsFor('zh');

describe('values as people read them', () => {
  test('bytes, in powers of 1,024', () => {
    assert.deepEqual(
      [0, 1, 1_023, 1_024, 1_536, 1_048_576 * 5, 1024 ** 4 * 2.25].map((count) => en.bytes(count)),
      ['0 B', '1 B', '1,023 B', '1 KiB', '1.5 KiB', '5 MiB', '2.3 TiB'],
    );
  });
  test('durations, in their two largest units', () => {
    const durations: [number, string, string][] = [
      [0, '0 s', '0 秒'],
      [420, '0.4 s', '0.4 秒'],
      [12_300, '12.3 s', '12.3 秒'],
      [60_000, '1 min', '1 分钟'],
      [754_400, '12 min 34 s', '12 分钟 34 秒'],
      [3_599_700, '1 h', '1 小时'],
      [90_000_000, '1 d 1 h', '1 天 1 小时'],
      [86_400_000 * 400, '400 d', '400 天'],
    ];
    for (const [ms, english, chinese] of durations) {
      assert.equal(en.duration(ms), english);
      assert.equal(zh.duration(ms), chinese);
    }
  });
  test('moments, in the zone that was asked for, and in UTC for machines', () => {
    const time = '2026-11-22T21:05:59Z';
    assert.equal(en.moment(time), '2026-11-22 21:05 UTC');
    assert.equal(formatsFor('zh', 'Asia/Shanghai').moment(time), '2026-11-23 05:05 GMT+8');
    assert.equal(formatsFor('zh', 'Asia/Shanghai').day(time), '2026-11-23');
    assert.equal(formatsFor('zh', 'Asia/Shanghai').iso(time), '2026-11-22T21:05:59.000Z');
  });
  test('numbers and shares', () => {
    assert.equal(en.number(1_234_567), '1,234,567');
    assert.equal(en.percent(0.256), '25.6%');
  });
});
