import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RepositoryFacts } from '../../backup-agent/operations/job-facts.ts';
import { judgeObjectives, worstOf } from '../../backup-agent/operations/objectives.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const minuteMs = 60_000;
const ago = (ms: number) => new Date(now.getTime() - ms).toISOString();

function repository(offsite: boolean, pointAgeMs?: number, more: Partial<RepositoryFacts> = {}) {
  const facts: RepositoryFacts = {
    repository: offsite ? 'offsite' : 'primary',
    offsite,
    backups: 1,
    storedBytes: 1,
    plaintextBytes: 1,
    ...(pointAgeMs === undefined
      ? {}
      : {
          restorable: {
            id: 'b',
            kind: 'full',
            pointAt: ago(pointAgeMs),
            committedAt: ago(pointAgeMs),
          },
        }),
    ...more,
  };
  return facts;
}

function judge(
  targets: Parameters<typeof judgeObjectives>[0],
  facts: readonly RepositoryFacts[],
  verified?: Date,
) {
  const judged = judgeObjectives(targets, facts, { now, verified });
  return Object.fromEntries(judged.map(({ name, state }) => [name, state]));
}

const drill = (outcome: 'passed' | 'failed', ageMs: number, rtoMs: number) => ({
  lastDrill: {
    id: 'd',
    at: ago(ageMs),
    outcome,
    objectives: [{ name: 'rto' as const, measuredMs: rtoMs, met: true }],
  },
});

describe('objectives', () => {
  test('the RPO goes by the newest point off-site, however fresh the one at home is', () => {
    const rpo = 10 * minuteMs;
    const home = repository(false, minuteMs);
    assert.equal(judge({ rpo }, [home])['rpo'], 'met');
    assert.equal(judge({ rpo }, [home, repository(true, 5 * minuteMs)])['rpo'], 'met');
    assert.equal(judge({ rpo }, [home, repository(true, 9 * minuteMs)])['rpo'], 'at-risk');
    assert.equal(judge({ rpo }, [home, repository(true, 11 * minuteMs)])['rpo'], 'breached');
    assert.equal(judge({ rpo }, [home, repository(true)])['rpo'], 'breached');
    const two = [home, repository(true, 60 * minuteMs), repository(true, minuteMs)];
    assert.equal(judge({ rpo }, two)['rpo'], 'met');
  });

  test('without any restorable backup a job is breached, even with no objective set', () => {
    assert.deepEqual(judge({}, [repository(false)]), { restorable: 'breached' });
    assert.deepEqual(judge({}, [repository(false, minuteMs)]), { restorable: 'met' });
    const hidden = repository(true, undefined, { unreadable: 'gone' });
    assert.deepEqual(judge({}, [repository(false, minuteMs), hidden]), { restorable: 'at-risk' });
  });

  test('RTO and drill interval go by the newest evidence, and a failed drill breaches both', () => {
    const targets = { rto: 10 * minuteMs, drillInterval: 100 * minuteMs };
    const after = (facts: Partial<RepositoryFacts>) => {
      const { rto, drillInterval } = judge(targets, [repository(false, minuteMs, facts)]);
      return [rto, drillInterval];
    };
    assert.deepEqual(after({}), ['at-risk', 'breached']);
    assert.deepEqual(after(drill('passed', minuteMs, minuteMs)), ['met', 'met']);
    assert.deepEqual(after(drill('passed', 90 * minuteMs, 9 * minuteMs)), ['at-risk', 'at-risk']);
    assert.deepEqual(after(drill('passed', 101 * minuteMs, 11 * minuteMs)), [
      'breached',
      'breached',
    ]);
    assert.deepEqual(after(drill('failed', minuteMs, minuteMs)), ['breached', 'breached']);
    const later = [
      repository(false, minuteMs, drill('failed', 50 * minuteMs, minuteMs)),
      repository(true, minuteMs, drill('passed', 5 * minuteMs, minuteMs)),
    ];
    assert.equal(judge(targets, later)['drillInterval'], 'met');
  });

  test('off-site lag is the distance between the two newest points', () => {
    const lag = (homeMs: number | undefined, awayMs: number | undefined) =>
      judge({ offsiteLag: 10 * minuteMs }, [repository(false, homeMs), repository(true, awayMs)])[
        'offsiteLag'
      ];
    assert.equal(lag(60 * minuteMs, 60 * minuteMs), 'met');
    assert.equal(lag(minuteMs, 10 * minuteMs), 'at-risk');
    assert.equal(lag(minuteMs, 12 * minuteMs), 'breached');
    assert.equal(lag(minuteMs, undefined), 'breached');
    assert.equal(lag(undefined, minuteMs), 'at-risk');
  });

  test('a verification counts whether a log recorded it or this host ran it', () => {
    const targets = { verifyInterval: 10 * minuteMs };
    const home = repository(false, minuteMs);
    assert.equal(judge(targets, [home])['verifyInterval'], 'breached');
    assert.equal(judge(targets, [home], new Date(ago(minuteMs)))['verifyInterval'], 'met');
    const recorded = repository(false, minuteMs, { lastVerificationAt: ago(9 * minuteMs) });
    assert.equal(judge(targets, [recorded])['verifyInterval'], 'at-risk');
  });

  test('the worst decides', () => {
    assert.equal(worstOf([]), 'met');
    assert.equal(worstOf([{ state: 'met' }, { state: 'at-risk' }]), 'at-risk');
    assert.equal(worstOf([{ state: 'breached' }, { state: 'at-risk' }]), 'breached');
  });
});
