import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  forecastLocks,
  guaranteedRetentionMs,
  lockEnd,
} from '../../backup-agent/repository/retention-locks.ts';

const dayMs = 86_400_000;
const start = new Date('2026-11-01T10:00:00.000Z');

test('a lock lasts for what every backup is kept, and for the longest chain on top', () => {
  const rules = { retention: { keepWithin: 14 * dayMs, keepMonthly: 12 }, maxChainAge: 7 * dayMs };
  assert.equal(lockEnd(rules, start).toISOString(), '2026-11-23T00:00:00.000Z');
});

test('counting rules alone lock for the shortest of their spans', () => {
  assert.equal(guaranteedRetentionMs({ keepDaily: 7, keepMonthly: 12 }), 7 * dayMs);
  assert.equal(guaranteedRetentionMs({ keepLast: 5 }), 0);
});

test('no link of a chain is free before the youngest that needs it leaves keep-within', () => {
  const days = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(
      days,
      days,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (keepDays, chainDays, share) => {
        const rules = {
          retention: { keepWithin: keepDays * dayMs },
          maxChainAge: chainDays * dayMs,
        };
        const youngest = new Date(start.getTime() + share * rules.maxChainAge);
        const kept = youngest.getTime() + rules.retention.keepWithin;
        assert.ok(lockEnd(rules, start).getTime() > kept);
        assert.ok(lockEnd(rules, youngest).getTime() > kept);
      },
    ),
  );
});

test('a forecast goes by the rate of the last thirty days', () => {
  const rules = { retention: { keepWithin: 9 * dayMs }, maxChainAge: 0 };
  const now = new Date(start.getTime() + 14 * 3_600_000);
  const backups = Array.from({ length: 10 }, (_, index) => ({
    at: new Date(now.getTime() - index * dayMs),
    storedBytes: 900,
  }));
  const forecast = forecastLocks(rules, [...backups, { at: new Date(0), storedBytes: 1e12 }], now);
  assert.deepEqual(forecast, { lockMs: 10 * dayMs, bytesPerDay: 1_000, lockedBytes: 10_000 });
  assert.equal(forecastLocks(rules, [], now), undefined);
});
