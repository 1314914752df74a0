import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../../contracts/manifest.ts';
import { findAnomalies } from '../../backup-agent/repository/anomalies.ts';

const limits = { compareWith: 10, factor: 5, compressionLoss: 25 };

interface Taken {
  readonly kind?: 'full' | 'incremental';
  readonly items?: number;
  readonly plaintextBytes?: number;
  readonly storedBytes?: number;
  readonly minutes?: number;
  readonly mostDeleted?: number;
  readonly entries?: number;
}

/** What the comparison reads of a manifest. */
function manifest(taken: Taken, at: number): Manifest {
  const {
    kind = 'incremental',
    items = 2_000,
    minutes = 2,
    mostDeleted = 10,
    entries = 9_000,
  } = taken;
  const { plaintextBytes = 20 * 2 ** 20, storedBytes = plaintextBytes * 0.4 } = taken;
  const started = Date.UTC(2026, 0, 1) + at * 3_600_000;
  return {
    format: 'holdfast-manifest/1',
    repositoryId: '00000000-0000-4000-8000-000000000000',
    job: 'crm',
    id: `202601${String(at + 10)}T000000Z-000000`,
    kind,
    base: '20260101T000000Z-000000',
    status: 'complete',
    problems: 0,
    startedAt: new Date(started).toISOString(),
    finishedAt: new Date(started + minutes * 60_000).toISOString(),
    point: { time: new Date(started).toISOString() },
    source: { kind: 'postgres', mostDeleted, entries },
    items,
    plaintextBytes,
    storedBytes,
    objects: [],
    meta: [],
    recipients: { objects: [], meta: [] },
    tool: { name: 'holdfast', version: '0.1.0' },
  };
}

/** The reasons why the last of these is unusual, after `before` ordinary ones. */
function reasons(taken: Taken, before = 8): string {
  const manifests = Array.from({ length: before }, (_, at) =>
    manifest({ items: 1_900 + at * 20 }, at),
  );
  manifests.push(manifest(taken, before));
  const found = findAnomalies(manifests, limits);
  assert.ok([...found.keys()].every((id) => id === manifests.at(-1)?.id));
  return [...found.values()].flat().join('; ');
}

test('an ordinary backup is not unusual, nor is anything while the past is short', () => {
  assert.equal(reasons({}), '');
  assert.equal(reasons({ items: 100_000, mostDeleted: 90_000 }, 4), '');
  assert.equal(reasons({ items: 100_000, kind: 'full' }), '', 'another kind has its own past');
});

test('many changes, many bytes, many deletions and a long run are unusual', () => {
  assert.match(reasons({ items: 40_000 }), /^40000 rows or entries, usually 19\d0$/);
  assert.match(reasons({ plaintextBytes: 2 ** 30 }), /bytes of data, usually 20971520/);
  assert.match(
    reasons({ mostDeleted: 30_000 }),
    /30000 rows deleted from one table, usually at most 10/,
  );
  assert.match(reasons({ entries: 4_000 }), /4000 entries are left, usually 9000/);
  assert.match(reasons({ minutes: 90 }), /took 90 min, usually 2 min/);
});

test('content that hardly compresses any more is a sign of encryption', () => {
  const bytes = 30 * 2 ** 20;
  assert.match(
    reasons({ plaintextBytes: bytes, storedBytes: bytes }),
    /compresses to 100 % only, usually to 40 %: its content may have been encrypted/,
  );
  assert.equal(reasons({ plaintextBytes: 1_000, storedBytes: 1_200 }), '', 'too little to tell');
});

test('small things are not unusual, however many times the usual they are', () => {
  assert.equal(reasons({ mostDeleted: 600 }), '');
  assert.equal(reasons({ minutes: 11 }), '');
});

test('a change that lasts becomes the usual; without limits nothing is judged', () => {
  const items = [...Array<number>(8).fill(2_000), ...Array<number>(9).fill(40_000)];
  const manifests = items.map((count, at) => manifest({ items: count }, at));
  const found = findAnomalies(manifests, limits);
  assert.ok(found.has(manifests[8]?.id ?? ''));
  assert.ok(!found.has(manifests.at(-1)?.id ?? ''));
  assert.equal(findAnomalies(manifests, false).size, 0);
});
