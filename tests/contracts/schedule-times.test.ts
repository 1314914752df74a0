import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import * as fc from 'fast-check';
import { createTask } from 'node-cron';
import { eventBridgeExpression, scheduleProblem } from '../../contracts/schedule.ts';
import { nextClockChange, nextInstant, readSchedule } from '../../contracts/schedule-times.ts';
import { instantsOf, readEventBridgeCron } from './event-bridge-cron.ts';
import { rounds } from '../support/scale.ts';

const zones = [
  'UTC',
  'Asia/Shanghai',
  'Asia/Kolkata',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
];

const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 2, arbitrary: fc.integer({ min, max }).map(String) },
    fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min: 1, max: 5 }))
      .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
    fc
      .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
      .map((values) => values.join(',')),
  );

const anySchedule = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6), fc.boolean())
  .map(([minute, hour, day, month, weekday, byWeekday]) =>
    [minute, hour, byWeekday ? '*' : day, month, byWeekday ? weekday : '*'].join(' '),
  );

const from = Date.parse('2026-11-23T00:00:00Z');
const fiveYearsMs = 5 * 365.25 * 86_400_000;

describe('the instants of a schedule', () => {
  test('are those of node-cron, at any moment of five years and in any zone', (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['Date'] });
    const property = fc.property(
      anySchedule,
      fc.constantFrom(...zones),
      fc.integer({ min: from, max: from + fiveYearsMs }),
      (text, zone, afterMs) => {
        assert.equal(scheduleProblem(text), undefined);
        const schedule = readSchedule(text);
        // Where clocks change the two differ, and such a schedule is refused.
        fc.pre(nextClockChange(schedule, zone, new Date(from)) === undefined);
        const task = createTask(text, () => undefined, { timezone: zone });
        mock.timers.setTime(afterMs);
        let after = new Date(afterMs);
        for (const theirs of task.getNextRuns(5)) {
          const ours = nextInstant(schedule, zone, after);
          assert.equal(ours?.toISOString(), theirs.toISOString(), `${text} in ${zone}`);
          after = theirs;
        }
      },
    );
    fc.assert(property, { numRuns: rounds(300, 20_000) });
  });

  test('of a date that no year has do not exist; 29 February waits for its year', () => {
    assert.equal(nextInstant(readSchedule('0 1 31 2 *'), 'UTC', new Date(from)), undefined);
    const leap = nextInstant(readSchedule('0 1 29 2 *'), 'UTC', new Date('2096-03-01T00:00:00Z'));
    assert.equal(leap?.toISOString(), '2104-02-29T01:00:00.000Z');
  });

  test('follow the zone, not the machine', () => {
    const daily = readSchedule('30 1 * * *');
    const at = (zone: string) => nextInstant(daily, zone, new Date(from))?.toISOString();
    assert.equal(at('UTC'), '2026-11-23T01:30:00.000Z');
    assert.equal(at('Asia/Shanghai'), '2026-11-23T17:30:00.000Z');
    assert.equal(at('America/New_York'), '2026-11-23T06:30:00.000Z');
  });
});

describe('a clock change', () => {
  const change = (text: string, zone: string) =>
    nextClockChange(readSchedule(text), zone, new Date(from));

  test('skips or repeats the local times in it, and the next such date is named', () => {
    assert.deepEqual(change('30 2 * * *', 'Europe/Berlin'), {
      localTime: '2027-03-28T02:30',
      effect: 'skipped',
    });
    assert.deepEqual(change('30 1 * * *', 'America/New_York'), {
      localTime: '2027-11-07T01:30',
      effect: 'repeated',
    });
    assert.deepEqual(change('*/15 * * * *', 'Europe/Berlin'), {
      localTime: '2027-03-28T02:00',
      effect: 'skipped',
    });
  });

  test('of half an hour counts, and so does a date years ahead', () => {
    assert.deepEqual(change('15 2 * 10 0', 'Australia/Lord_Howe'), {
      localTime: '2027-10-03T02:15',
      effect: 'skipped',
    });
    assert.deepEqual(change('30 2 31 3 *', 'Europe/Berlin'), {
      localTime: '2030-03-31T02:30',
      effect: 'skipped',
    });
  });

  test('leaves other times and zones without one alone', () => {
    assert.equal(change('0 3 * * *', 'Europe/Berlin'), undefined);
    assert.equal(change('59 1 * * *', 'Europe/Berlin'), undefined);
    assert.equal(change('30 2 1 6 *', 'Europe/Berlin'), undefined);
    assert.equal(change('*/15 * * * *', 'Asia/Shanghai'), undefined);
    assert.equal(change('*/15 * * * *', 'UTC'), undefined);
  });
});

describe('the expression for EventBridge Scheduler', () => {
  test('names weekdays, asks for one of the day fields, and writes steps out', () => {
    assert.equal(eventBridgeExpression('0 1 * * 0'), 'cron(0 1 ? * SUN *)');
    assert.equal(eventBridgeExpression('30 3 1 */6 *'), 'cron(30 3 1 1,7 ? *)');
    assert.equal(
      eventBridgeExpression('*/20 8-10 * * 1-5'),
      'cron(0,20,40 8,9,10 ? * MON,TUE,WED,THU,FRI *)',
    );
    assert.equal(eventBridgeExpression('*/1 * * * *'), 'cron(* * * * ? *)');
  });

  test('means the instants of node-cron, at any moment of five years', (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['Date'] });
    const property = fc.property(
      anySchedule,
      fc.integer({ min: from, max: from + fiveYearsMs }),
      (text, afterMs) => {
        mock.timers.setTime(afterMs);
        const task = createTask(text, () => undefined, { timezone: 'UTC' });
        const theirs = task.getNextRuns(20);
        const last = theirs.at(-1) ?? assert.fail(text);
        const cron = readEventBridgeCron(eventBridgeExpression(text));
        const ours = [...instantsOf(cron, new Date(afterMs), new Date(last.getTime() + 1))];
        assert.deepEqual(ours, theirs, text);
      },
    );
    fc.assert(property, { numRuns: rounds(150, 10_000) });
  });

  test('means every instant of five years, and no other', () => {
    const until = new Date(from + fiveYearsMs);
    for (const text of ['0 1 * * 0', '30 3 1 */6 *', '8,38 */5 * * 1-5', '59 23 29 2 *']) {
      const schedule = readSchedule(text);
      const cron = readEventBridgeCron(eventBridgeExpression(text));
      let after = new Date(from);
      let count = 0;
      for (const instant of instantsOf(cron, after, until)) {
        const wanted = nextInstant(schedule, 'UTC', after);
        assert.equal(instant.getTime(), wanted?.getTime(), text);
        after = instant;
        count++;
      }
      assert.ok(count > 0, text);
      const beyond = nextInstant(schedule, 'UTC', after);
      assert.ok(beyond === undefined || beyond >= until, text);
    }
  });

  test('fits the 256 characters that it may have, whatever the schedule', () => {
    fc.assert(
      fc.property(anySchedule, (text) => eventBridgeExpression(text).length <= 256),
      { numRuns: 2_000 },
    );
  });
});
