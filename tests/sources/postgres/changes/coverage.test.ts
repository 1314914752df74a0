import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  whyNewFull,
  type ChainFacts,
} from '../../../../backup-agent/sources/postgres/changes/chain-check.ts';
import {
  coverageFix,
  tableCoverage,
  type CoverageFacts,
} from '../../../../backup-agent/sources/postgres/changes/coverage.ts';

const keyed: CoverageFacts = {
  kind: 'r',
  persistence: 'p',
  identity: 'd',
  keyColumns: ['id'],
  extension: null,
  insertsPublished: true,
  updatesPublished: true,
};

test('a published table with an identity is exact to the commit', () => {
  assert.deepEqual(tableCoverage(keyed), { level: 'commit' });
  assert.deepEqual(tableCoverage({ ...keyed, identity: 'f', keyColumns: null }), {
    level: 'commit',
  });
});

test('whatever is missing makes it exact only where a backup ends, and is said', () => {
  const cases: readonly (readonly [Partial<CoverageFacts>, RegExp])[] = [
    [{ keyColumns: null }, /no primary key/],
    [{ identity: 'i', keyColumns: null }, /index is gone/],
    [{ identity: 'n' }, /REPLICA IDENTITY NOTHING/],
    [{ persistence: 'u' }, /unlogged/],
    [{ insertsPublished: false }, /inserts/],
    [{ updatesPublished: false }, /updates and deletes/],
    [{ extension: 'postgis' }, /extension postgis/],
  ];
  for (const [facts, reason] of cases) {
    const { level, reason: said } = tableCoverage({ ...keyed, ...facts });
    assert.equal(level, 'boundary');
    assert.match(said ?? '', reason);
  }
});

test('what would make it exact to the commit is said as SQL', () => {
  const cases: readonly (readonly [Partial<CoverageFacts>, RegExp | undefined])[] = [
    [{ keyColumns: null }, /^ALTER TABLE t ADD PRIMARY KEY \(…\), or .* REPLICA IDENTITY FULL$/],
    [{ identity: 'i', keyColumns: null }, /REPLICA IDENTITY DEFAULT/],
    [{ identity: 'n' }, /REPLICA IDENTITY DEFAULT/],
    [{ persistence: 'u' }, /SET LOGGED/],
    [{ updatesPublished: false }, undefined],
    [{ extension: 'postgis' }, undefined],
    [{ kind: 'f' }, undefined],
  ];
  for (const [facts, expected] of cases) {
    const fix = coverageFix({ ...keyed, ...facts }, 't');
    if (expected === undefined) assert.equal(fix, undefined);
    else assert.match(fix ?? '', expected);
  }
});

test('a foreign table is not covered', () => {
  assert.equal(tableCoverage({ ...keyed, kind: 'f' }).level, 'none');
});

const server = { systemIdentifier: '7', timeline: 1, majorVersion: 15, database: 'crm' };
const facts: ChainFacts = {
  state: {
    format: 'holdfast-postgres-changes/1',
    server,
    slot: 'crm',
    publications: [{ name: 'p', stamp: '1/2' }],
    types: {},
    point: '0/100',
    tables: [],
    catalogStamp: '',
    copies: [],
    hasLargeObjects: false,
    sequences: [],
  },
  server: { server, types: {}, recovering: false, publications: [{ name: 'p', stamp: '1/2' }] },
  slot: {
    name: 'crm',
    plugin: 'pgoutput',
    slotType: 'logical',
    database: 'crm',
    activePid: null,
    walStatus: 'reserved',
    safeWalSize: null,
    restartLsn: 0x50n,
    confirmedLsn: 0x100n,
    retainedBytes: 0n,
    backlogBytes: 0n,
    limitMegabytes: -1,
  },
};

test('a chain goes on as long as the server is the same and the slot is its own', () => {
  assert.equal(whyNewFull(facts), undefined);
});

test('a new major version, a promotion, another server or database need a new full', () => {
  const other = (change: Partial<typeof server>) =>
    whyNewFull({ ...facts, server: { ...facts.server, server: { ...server, ...change } } });
  assert.match(other({ majorVersion: 16 }) ?? '', /from PostgreSQL 15 to 16/);
  assert.match(other({ timeline: 2 }) ?? '', /promoted/);
  assert.match(other({ systemIdentifier: '8' }) ?? '', /another database server/);
  assert.match(other({ database: 'other' }) ?? '', /another database/);
});

test('a slot of another plugin, or ahead of the newest backup, needs a new full', () => {
  const { slot } = facts;
  assert.ok(slot);
  assert.match(
    whyNewFull({ ...facts, slot: { ...slot, plugin: 'wal2json' } }) ?? '',
    /not the one/,
  );
  assert.match(whyNewFull({ ...facts, slot: { ...slot, confirmedLsn: 0x101n } }) ?? '', /0\/101/);
  assert.equal(whyNewFull({ ...facts, slot: { ...slot, confirmedLsn: 0x99n } }), undefined);
});
