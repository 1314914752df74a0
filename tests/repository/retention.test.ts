import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Retention } from '../../contracts/job.ts';
import {
  decideRetention,
  lastGoodFull,
  type RetainedBackup,
} from '../../backup-agent/repository/retention.ts';
import { periodsOf } from '../../backup-agent/repository/retention-periods.ts';

const dayMs = 86_400_000;
const now = new Date('2026-11-22T12:00:00.000Z');
const standings = ['proven', 'unproven', 'partial', 'suspicious', 'failed'] as const;

function backup(id: string, ageDays: number, more: Partial<RetainedBackup> = {}): RetainedBackup {
  const time = new Date(now.getTime() - ageDays * dayMs);
  return { id, kind: 'full', time, committedAt: time, held: false, standing: 'proven', ...more };
}

function kept(backups: readonly RetainedBackup[], rules: Retention): string[] {
  return decideRetention(backups, rules, now)
    .filter(({ keep }) => keep)
    .map(({ backup: { id } }) => id);
}

const rulesOf = (id: string, backups: readonly RetainedBackup[], rules: Retention) =>
  decideRetention(backups, rules, now)
    .find(({ backup }) => backup.id === id)
    ?.reasons.map(({ rule }) => rule);

describe('retention', () => {
  test('keeps the newest of each of the newest days that have backups', () => {
    const backups = [
      backup('a', 9),
      backup('b', 5.1),
      backup('c', 5),
      backup('d', 1),
      backup('e', 0),
    ];
    assert.deepEqual(kept(backups, { keepDaily: 3 }), ['c', 'd', 'e']);
  });
  test('a chain keeps the links that something kept hangs on, and loses its tail', () => {
    const backups = [
      backup('a', 30),
      backup('b', 29, { kind: 'incremental', parent: 'a' }),
      backup('c', 28, { kind: 'incremental', parent: 'b', held: true }),
      backup('d', 27, { kind: 'incremental', parent: 'c' }),
      backup('e', 0),
    ];
    assert.deepEqual(kept(backups, { keepLast: 1 }), ['a', 'b', 'c', 'e']);
    assert.deepEqual(rulesOf('a', backups, { keepLast: 1 }), ['needed']);
  });
  test('forged backups never push proven ones out', () => {
    const good = [backup('a', 3), backup('b', 2)];
    const forged = Array.from({ length: 50 }, (_, index) =>
      backup(`f${index}`, 1 - index / 100, { standing: 'unproven' }),
    );
    const names = kept([...good, ...forged], { keepLast: 2 });
    assert.ok(names.includes('a') && names.includes('b'));
  });
  test('an unproven backup stays where it would have a place if it counted', () => {
    const backups = [
      backup('a', 3),
      backup('b', 2, { standing: 'unproven' }),
      backup('c', 1, { standing: 'partial' }),
      backup('d', 0, { standing: 'unproven' }),
    ];
    assert.deepEqual(kept(backups, { keepLast: 2 }), ['a', 'b', 'd']);
  });
  test('partial, suspicious and failed backups have no place in a count', () => {
    const bad = (['partial', 'suspicious', 'failed'] as const).map((standing, index) =>
      backup(standing, 3 - index, { standing }),
    );
    assert.deepEqual(kept([...bad, backup('z', 0)], { keepLast: 4, keepDaily: 4 }), ['z']);
  });
  test('keep-within does not run out when no backups are taken any more', () => {
    const backups = [backup('a', 102), backup('b', 101), backup('c', 100)];
    assert.deepEqual(kept(backups, { keepWithin: 1.5 * dayMs }), ['b', 'c']);
  });
  test('a backup from the future does not make keep-within run out', () => {
    const backups = [backup('a', 1), backup('b', -5_000, { standing: 'suspicious' })];
    assert.ok(rulesOf('a', backups, { keepWithin: 2 * dayMs })?.includes('keepWithin'));
  });
  test('the minimum age counts from the commit, so a fresh copy of an old backup is young', () => {
    const backups = [backup('a', 90, { committedAt: now }), backup('b', 80), backup('c', 0)];
    assert.deepEqual(kept(backups, { keepLast: 1, minimumAge: dayMs }), ['a', 'c']);
  });
  test('without a minimum age a commit from the near future is nothing special', () => {
    const ahead = { committedAt: new Date(now.getTime() + 60_000) };
    assert.deepEqual(kept([backup('a', 0, ahead), backup('b', 0, ahead)], { keepLast: 1 }), ['b']);
  });
  test('what the storage locks stays until the lock ends', () => {
    const locked = (until: string) => backup('a', 90, { lockedUntil: new Date(until) });
    const rest = [backup('b', 0)];
    assert.deepEqual(kept([locked('2026-11-23T00:00:00Z'), ...rest], { keepLast: 1 }), ['a', 'b']);
    assert.deepEqual(kept([locked('2026-11-22T11:59:59Z'), ...rest], { keepLast: 1 }), ['b']);
  });
  test('weeks follow ISO 8601 over the turn of the year', () => {
    const week = (day: string) => periodsOf.keepWeekly(new Date(`${day}T12:00:00Z`));
    assert.equal(week('2026-12-31'), '2026-W53');
    assert.equal(week('2027-01-03'), '2026-W53');
    assert.equal(week('2027-01-04'), '2027-W01');
    assert.equal(week('2024-12-30'), '2025-W01');
  });
});

/** Chains as writers make them: each incremental hangs on the backup before it or on its full. */
const histories = fc
  .array(
    fc.record({
      kind: fc.constantFrom('full', 'incremental', 'differential' as const),
      hours: fc.integer({ min: 0, max: 24 * 20 }),
      held: fc.integer({ min: 0, max: 3 }).map((value) => value === 0),
      standing: fc.constantFrom(...standings),
      lateDays: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 25 },
  )
  .map((steps) => {
    const backups: RetainedBackup[] = [];
    let ageMs = steps.reduce((sum, { hours }) => sum + hours, 0) * 3_600_000;
    let base: string | undefined;
    for (const [index, step] of steps.entries()) {
      ageMs -= step.hours * 3_600_000;
      const id = `b${String(index).padStart(3, '0')}`;
      const kind = base === undefined ? 'full' : step.kind;
      const parent =
        kind === 'full' ? undefined : kind === 'differential' ? base : backups.at(-1)?.id;
      if (kind === 'full') base = id;
      const time = new Date(now.getTime() - ageMs);
      backups.push({
        id,
        kind,
        ...(parent === undefined ? {} : { parent }),
        time,
        committedAt: new Date(Math.min(now.getTime(), time.getTime() + step.lateDays * dayMs)),
        held: step.held,
        standing: step.standing,
      });
    }
    return backups;
  });

const count = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
const retentions = fc
  .record({
    keepWithin: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
    keepLast: count,
    keepHourly: count,
    keepDaily: count,
    keepWeekly: count,
    keepMonthly: count,
    keepYearly: count,
    minimumAge: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
  })
  .map((rules) => ({
    ...rules,
    keepWithin: rules.keepWithin === undefined ? undefined : rules.keepWithin * dayMs,
    minimumAge: rules.minimumAge === undefined ? undefined : rules.minimumAge * dayMs,
  }));

describe('retention, whatever the history', () => {
  test('no chain loses its base or a link that something kept needs', () => {
    fc.assert(
      fc.property(histories, retentions, (backups, rules) => {
        const names = new Set(kept(backups, rules));
        for (const { id, parent } of backups)
          if (names.has(id) && parent !== undefined)
            assert.ok(names.has(parent), `${id} lost ${parent}`);
      }),
    );
  });
  test('holds, young backups, the newest backup and the last good full stay', () => {
    fc.assert(
      fc.property(histories, retentions, (backups, rules) => {
        const names = new Set(kept(backups, rules));
        for (const { id, held, committedAt } of backups) {
          if (held) assert.ok(names.has(id));
          if (now.getTime() - committedAt.getTime() < (rules.minimumAge ?? 0))
            assert.ok(names.has(id));
        }
        const last = backups.at(-1);
        if (last) assert.ok(names.has(last.id));
        const full = lastGoodFull(backups);
        assert.equal(full === undefined, backups.length === 0);
        if (full) assert.ok(names.has(full.id));
      }),
    );
  });
  test('everything within keep-within of now stays', () => {
    fc.assert(
      fc.property(histories, retentions, (backups, rules) => {
        const names = new Set(kept(backups, rules));
        for (const { id, time } of backups)
          if (rules.keepWithin && now.getTime() - time.getTime() <= rules.keepWithin)
            assert.ok(names.has(id));
      }),
    );
  });
  test('the same input gives the same answer', () => {
    fc.assert(
      fc.property(histories, retentions, (backups, rules) => {
        assert.deepEqual(
          decideRetention(backups, rules, now),
          decideRetention(structuredClone(backups), structuredClone(rules), new Date(now)),
        );
      }),
    );
  });
  test('to prune and to decide again removes nothing more of what is proven', () => {
    fc.assert(
      fc.property(histories, retentions, (backups, rules) => {
        const first = new Set(kept(backups, rules));
        const rest = backups.filter(({ id }) => first.has(id));
        const second = new Set(kept(rest, rules));
        for (const { id, standing } of rest)
          if (standing === 'proven') assert.ok(second.has(id), id);
      }),
    );
  });
  test('another backup removes an older kept one only where a rule moves on', () => {
    /** What a newer backup may take over, or let fall out of a count or a period. */
    const moving = new Set([
      'newest',
      'lastGoodFull',
      'keepWithin',
      'needed',
      'keepLast',
      ...Object.keys(periodsOf),
    ]);
    fc.assert(
      fc.property(histories, retentions, (history, rules) => {
        const before = decideRetention(history.slice(0, -1), rules, now);
        const after = new Set(kept(history, rules));
        for (const {
          backup: { id },
          keep,
          reasons,
        } of before)
          if (keep && !after.has(id))
            assert.ok(
              reasons.every(({ rule }) => moving.has(rule)),
              `${id}: ${JSON.stringify(reasons)}`,
            );
      }),
    );
  });
  test('another backup that is not proven takes no place from a proven one', () => {
    const counting = new Set(['keepLast', ...Object.keys(periodsOf)]);
    const unproven = fc.constantFrom('unproven', 'partial', 'suspicious', 'failed' as const);
    fc.assert(
      fc.property(histories, retentions, unproven, (history, rules, standing) => {
        const counted = decideRetention(history, rules, now).filter(
          ({ backup, reasons }) =>
            backup.standing === 'proven' && reasons.some(({ rule }) => counting.has(rule)),
        );
        const after = new Set(kept([...history, backup('zzz', 0, { standing })], rules));
        for (const {
          backup: { id },
        } of counted)
          assert.ok(after.has(id), id);
      }),
    );
  });
});
