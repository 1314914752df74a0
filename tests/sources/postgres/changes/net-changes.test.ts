import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import { NetChanges } from '../../../../backup-agent/sources/postgres/changes/net-changes.ts';
import type { Tuple } from '../../../../backup-agent/sources/postgres/changes/pgoutput-message.ts';

/** A table of two columns: the key, and a value that an update may leave out. */
type Rows = Map<string, string | null>;
const row = (key: string, value: string | null | undefined): Tuple => [
  Buffer.from(key),
  typeof value === 'string' ? Buffer.from(value) : value,
];

const change = fc.record({
  what: fc.constantFrom('put', 'remove', 'move', 'touch'),
  key: fc.constantFrom('a', 'b', 'c', 'd:1', 'd'),
  other: fc.constantFrom('a', 'b', 'c', 'e'),
  value: fc.option(fc.string({ maxLength: 3 })),
});

/** Does to the rows what the change asks for, where it can, and tells the net changes as a log does. */
function act(
  rows: Rows,
  net: NetChanges,
  step: typeof change extends fc.Arbitrary<infer T> ? T : never,
) {
  const { what, key, other, value } = step;
  if (what === 'put') {
    if (rows.has(key)) net.update(undefined, row(key, value));
    else net.insert(row(key, value));
    rows.set(key, value);
  } else if (!rows.has(key)) {
    return;
  } else if (what === 'remove') {
    net.delete(row(key, null));
    rows.delete(key);
  } else if (what === 'touch') {
    net.update(undefined, row(key, undefined));
  } else if (!rows.has(other)) {
    assert.equal(net.update(row(key, null), row(other, value)), true);
    rows.delete(key);
    rows.set(other, value);
  }
}

/** Deletes, updates, inserts: in this order, each finding or not finding its row as it must. */
function applyTo(rows: Rows, net: NetChanges): void {
  const { deletes, updates, inserts } = net.take();
  for (const [key] of deletes) assert.ok(rows.delete(String(key)));
  for (const [key, value] of updates) {
    assert.ok(rows.has(String(key)));
    if (value !== undefined) rows.set(String(key), value === null ? null : String(value));
  }
  for (const [key, value] of inserts) {
    assert.ok(!rows.has(String(key)));
    assert.notEqual(value, undefined);
    rows.set(String(key), value ? String(value) : value === null ? null : '');
  }
}

test('the net effect of any changes gives the same rows as the changes', () => {
  const start = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  fc.assert(
    fc.property(start, fc.array(change, { maxLength: 30 }), (keys, steps) => {
      const source: Rows = new Map(keys.map((key) => [key, 'old']));
      const copy: Rows = new Map(source);
      const net = new NetChanges([0]);
      for (const step of steps) act(source, net, step);
      applyTo(copy, net);
      assert.deepEqual(copy, source);
    }),
    { numRuns: 2_000 },
  );
});

test('each row is touched once, however often it changed', () => {
  const net = new NetChanges([0]);
  for (let n = 0; n < 100; n++) net.update(undefined, row('k', String(n)));
  assert.deepEqual(net.take(), { deletes: [], updates: [row('k', '99')], inserts: [] });
});

test('a key that changes without its whole row is handed back untouched', () => {
  const net = new NetChanges([0]);
  net.update(undefined, row('b', 'x'));
  assert.equal(net.update(row('a', null), row('c', undefined)), false);
  assert.equal(net.size, 1);
});

test('changes that contradict each other are refused', () => {
  const refused = (error: unknown) => isHoldfastError(error, 'replay-mismatch');
  const twice = new NetChanges([0]);
  twice.insert(row('a', 'x'));
  assert.throws(() => twice.insert(row('a', 'y')), refused);
  const gone = new NetChanges([0]);
  gone.delete(row('a', null));
  assert.throws(() => gone.delete(row('a', null)), refused);
  assert.throws(() => gone.update(undefined, row('a', 'x')), refused);
  assert.throws(() => gone.insert([null, null]), refused);
});
