import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, size } from '../../contracts/units.ts';
import { scheduleProblem } from '../../contracts/schedule.ts';

test('durations become milliseconds', () => {
  const cases: [string, number][] = [
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1y', 31_557_600_000],
  ];
  for (const [text, expected] of cases) assert.equal(duration.parse(text), expected);
  for (const text of ['', '5', '5 m', '-5m', '1.5h', '5M'])
    assert.ok(!duration.safeParse(text).success, text);
});

test('sizes become bytes', () => {
  assert.equal(size.parse('64MiB'), 67_108_864);
  assert.equal(size.parse('512B'), 512);
  for (const text of ['', '5', '5MB', '5 GiB', '-1GiB'])
    assert.ok(!size.safeParse(text).success, text);
});

test('durations and sizes are written so that they read back the same', () => {
  for (const text of ['0s', '90s', '15m', '1h30m', '7d', '2w', '1y', '61s'])
    assert.equal(duration.parse(duration.encode(duration.parse(text))), duration.parse(text), text);
  assert.equal(duration.encode(duration.parse('90m')), '90m');
  assert.equal(duration.encode(duration.parse('2w')), '14d');
  for (const text of ['0B', '512B', '64MiB', '10GiB', '1536KiB'])
    assert.equal(size.parse(size.encode(size.parse(text))), size.parse(text), text);
  assert.equal(size.encode(size.parse('1024MiB')), '1GiB');
});

test('schedules of the common grammar pass', () => {
  for (const text of ['0 1 * * 0', '*/15 * * * *', '0 0 1,15 * *', '5-50/5 8-18 * 1-6 1-5'])
    assert.equal(scheduleProblem(text), undefined, text);
});

test('other schedules say what is wrong', () => {
  const cases: [string, RegExp][] = [
    ['* * * *', /five fields/],
    ['* * * * * *', /five fields/],
    ['60 * * * *', /minute 60/],
    ['* 24 * * *', /hour 24/],
    ['* * 0 * *', /day of month 0/],
    ['* * * * 7', /day of week 7/],
    ['9-5 * * * *', /backwards/],
    ['*/0 * * * *', /step must be at least 1/],
    ['5/10 * * * *', /a step needs/],
    ['@daily', /five fields/],
    ['0 1 * * MON', /`MON`/],
    ['0 1 1 * 1', /not both/],
  ];
  for (const [text, message] of cases) assert.match(scheduleProblem(text) ?? '', message, text);
});
