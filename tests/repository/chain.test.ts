import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainOf, newestChain } from '../../backup-agent/repository/chain.ts';
import { newBackupId, timeOfBackupId } from '../../backup-agent/repository/backup-id.ts';

const full = (id: string) => ({ manifest: { id, kind: 'full' as const, base: id } });
const incremental = (id: string, parent: string, base: string) => ({
  manifest: { id, kind: 'incremental' as const, parent, base },
});
const ids = (chain: readonly { manifest: { id: string } }[]) =>
  chain.map(({ manifest }) => manifest.id);

describe('chains', () => {
  const records = [full('a'), incremental('b', 'a', 'a'), incremental('c', 'b', 'a'), full('d')];

  test('a chain runs from its full to the backup', () => {
    assert.deepEqual(ids(chainOf(records, 'c')), ['a', 'b', 'c']);
    assert.deepEqual(ids(chainOf(records, 'd')), ['d']);
  });
  test('the newest chain is that of the newest backup', () => {
    assert.deepEqual(ids(newestChain(records)), ['d']);
    assert.deepEqual(newestChain([]), []);
  });
  test('an unknown backup is named', () => {
    assert.throws(() => chainOf(records, 'x'), { code: 'backup-unknown', message: /x/ });
  });
  test('a missing parent breaks the chain', () => {
    assert.throws(() => chainOf([full('a'), incremental('c', 'b', 'a')], 'c'), {
      code: 'chain-broken',
      message: /needs b/,
    });
  });
  test('links in a circle end', () => {
    const circle = [incremental('a', 'b', 'z'), incremental('b', 'a', 'z')];
    assert.throws(() => chainOf(circle, 'a'), { code: 'chain-broken' });
  });
  test('a parent of another chain is refused', () => {
    assert.throws(() => chainOf([...records, incremental('e', 'c', 'd')], 'e'), {
      code: 'chain-broken',
    });
  });
});

describe('backup ids', () => {
  const bytes = () => Uint8Array.of(0x7f, 0x3a, 0x91);

  test('say when the backup began', () => {
    const id = newBackupId(new Date('2026-11-22T21:05:00.999Z'), bytes);
    assert.equal(id, '20261122T210500Z-7f3a91');
    assert.equal(timeOfBackupId(id).toISOString(), '2026-11-22T21:05:00.000Z');
  });
  test('sort after the newest known one when the clock went backwards', () => {
    const newest = '20261122T210500Z-ffffff';
    const id = newBackupId(new Date('2026-11-22T20:00:00Z'), bytes, newest);
    assert.equal(id, '20261122T210501Z-7f3a91');
    assert.ok(id > newest);
  });
});
