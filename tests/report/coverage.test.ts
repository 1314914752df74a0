import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { changePerDay, dayMs, findGaps } from '../../backup-agent/report/coverage.ts';

const window = { sinceMs: 0, untilMs: 1_000 };
const at = (committedMs: number, pointMs: number) => ({
  id: String(committedMs),
  committedAt: new Date(committedMs).toISOString(),
  pointAt: new Date(pointMs).toISOString(),
});

describe('gaps', () => {
  test('are when the newest committed point was older than the RPO', () => {
    const taken = [at(100, 90), at(200, 190), at(600, 590), at(950, 940)];
    assert.deepEqual(findGaps(taken, 150, window), [
      { fromMs: 340, untilMs: 600 },
      { fromMs: 740, untilMs: 950 },
    ]);
  });
  test('are not judged before the first backup, are all of it without any, and may be open', () => {
    assert.deepEqual(findGaps([at(900, 890)], 200, window), []);
    assert.deepEqual(findGaps([], 200, window), [{ fromMs: 0, untilMs: 1_000 }]);
    assert.deepEqual(findGaps([at(100, 90)], 200, window), [{ fromMs: 290, untilMs: 1_000 }]);
  });
  test('agree with looking at every moment', () => {
    const backup = fc
      .tuple(fc.integer({ min: -200, max: 999 }), fc.integer({ min: 0, max: 120 }))
      .map(([committed, lag]) => at(committed, committed - lag));
    fc.assert(
      fc.property(
        fc.array(backup, { minLength: 1 }),
        fc.integer({ min: 1, max: 300 }),
        (taken, rpo) => {
          const gaps = findGaps(taken, rpo, window);
          const times = taken.map(({ committedAt, pointAt }) => [
            Date.parse(committedAt),
            Date.parse(pointAt),
          ]);
          const first = Math.min(...times.map(([committed = 0]) => committed));
          for (let now = 0; now < 1_000; now += 7) {
            const known = times.filter(([committed = 0]) => committed <= now);
            const newest = Math.max(...known.map(([, point = 0]) => point));
            const uncovered = now >= first && now >= newest + rpo;
            const told = gaps.some(({ fromMs, untilMs }) => fromMs <= now && now < untilMs);
            assert.equal(told, uncovered, `at ${now}`);
          }
        },
      ),
    );
  });
});

test('change is counted by day, fulls left out, days without any shown as none', () => {
  const backup = (kind: 'full' | 'incremental', days: number, storedBytes: number) => ({
    id: 'b',
    kind,
    base: 'b',
    startedAt: new Date(days * dayMs).toISOString(),
    committedAt: '',
    pointAt: '',
    storedBytes,
    plaintextBytes: 0,
    standing: 'unproven' as const,
    held: false,
  });
  const backups = [
    backup('full', 10, 99),
    backup('incremental', 10.5, 3),
    backup('incremental', 12, 4),
  ];
  assert.deepEqual(
    changePerDay(backups, { sinceMs: 10.2 * dayMs, untilMs: 12.5 * dayMs }).map(
      ({ bytes }) => bytes,
    ),
    [3, 0, 4],
  );
});
