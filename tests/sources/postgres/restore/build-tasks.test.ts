import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  foreignKeyRuns,
  planBuild,
  planForeignKeys,
  type RestoreTask,
} from '../../../../backup-agent/sources/postgres/restore/build-tasks.ts';
import type { LoadUnit } from '../../../../backup-agent/sources/postgres/restore/load-tables.ts';
import type { SchemaEntry } from '../../../../backup-agent/sources/postgres/restore/schema-script.ts';
import {
  computesValues,
  referencedTable,
  subjectTable,
} from '../../../../backup-agent/sources/postgres/restore/subject-table.ts';

function entry(type: string, sql: string): SchemaEntry {
  return { at: 0, type, name: '', schema: 'public', sql };
}

function key(table: string): SchemaEntry {
  return entry(
    'CONSTRAINT',
    `ALTER TABLE ONLY public.${table}\n    ADD CONSTRAINT ${table}_pkey PRIMARY KEY (id);`,
  );
}

function index(table: string, columns: string, more = ''): SchemaEntry {
  return entry('INDEX', `CREATE INDEX i ON public.${table} USING btree (${columns})${more};`);
}

function foreignKey(from: string, to: string): SchemaEntry {
  return entry(
    'FK CONSTRAINT',
    `ALTER TABLE ONLY public.${from}\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES public.${to}(id);`,
  );
}

function unit(name: string, object: string, bytes: number): LoadUnit {
  const from = {} as LoadUnit['from']; // is only handed on
  return { from, objects: [object], schema: 'public', name, columns: [], bytes };
}

const work = { load: async () => undefined, apply: async () => undefined };

/** Whether one task waits for another, be it by way of others. */
function waitsFor(task: RestoreTask | undefined, other: RestoreTask | undefined): boolean {
  return task?.after.some((needed) => needed === other || waitsFor(needed, other)) ?? false;
}

test('the table of a constraint, an index, statistics and a foreign key is read off the SQL', () => {
  assert.equal(subjectTable(key('deals')), '"public"."deals"');
  assert.equal(
    subjectTable(
      entry('INDEX', `CREATE UNIQUE INDEX "a ON b.c" ON ONLY "S""x"."T 1" USING gin (a);`),
    ),
    '"S""x"."T 1"',
  );
  assert.equal(
    subjectTable(
      entry('STATISTICS', `CREATE STATISTICS public.s (ndistinct) ON a, b FROM public.t;`),
    ),
    '"public"."t"',
  );
  assert.equal(referencedTable(foreignKey('deals', 'accounts')), '"public"."accounts"');
});

test('lists of columns compute nothing; expressions, conditions and options may', () => {
  assert.equal(computesValues(index('t', 'a, b DESC NULLS LAST')), false);
  assert.equal(computesValues(index('t', 'a', ' INCLUDE (b)')), false);
  assert.equal(computesValues(key('t')), false);
  assert.equal(computesValues(index('t', 'public.f(a)')), true);
  assert.equal(computesValues(index('t', 'a', ' WHERE public.f(a)')), true);
});

test('a key waits for the rows of its own table, and an index for the key too', () => {
  const units = [unit('deals', 'part 1', 9), unit('deals', 'part 2', 9), unit('people', 'all', 1)];
  const { loads, keys, indexes } = planBuild(
    units,
    { keys: [key('deals')], indexes: [index('deals', 'a'), index('people', 'a')] },
    work,
  );
  const [part1, part2, people] = loads;
  const [dealsKey] = keys;
  for (const part of [part1, part2]) assert.ok(waitsFor(dealsKey, part));
  assert.ok(!waitsFor(dealsKey, people));
  assert.ok(waitsFor(indexes[0], dealsKey));
  assert.ok(!waitsFor(indexes[1], part1) && waitsFor(indexes[1], people));
  assert.deepEqual([part1?.weight, dealsKey?.weight, people?.weight], [18, 18, 1]);
});

test('what may read other tables, and what is of a table without rows, waits for all rows', () => {
  const units = [unit('deals', 'all', 9), unit('people', 'all', 1)];
  const entries = [index('people', 'public.f(a)'), index('partitioned', 'a')];
  const { loads, indexes } = planBuild(units, { keys: [], indexes: entries }, work);
  for (const task of indexes) for (const load of loads) assert.ok(waitsFor(task, load));
});

test('constraints of one table come one after the other, and before its indexes', () => {
  const entries = [index('deals', 'a'), key('deals'), key('deals')];
  const { indexes } = planBuild([unit('deals', 'all', 1)], { keys: [], indexes: entries }, work);
  const [first, second, last] = indexes;
  assert.ok(waitsFor(second, first) && waitsFor(last, second));
});

test('foreign keys that share a table keep their order; one of a partitioned table runs alone', () => {
  const entries = [
    foreignKey('deals', 'accounts'),
    foreignKey('people', 'cities'),
    foreignKey('accounts', 'people'),
    foreignKey('partitioned', 'cities'),
    foreignKey('deals', 'accounts'),
  ];
  const tables = new Set(['deals', 'accounts', 'people', 'cities'].map((t) => `"public"."${t}"`));
  const [deals, people, both, alone, after] = planForeignKeys(entries, tables, work.apply);
  assert.ok(!waitsFor(people, deals));
  assert.ok(waitsFor(both, deals) && waitsFor(both, people));
  for (const task of [deals, people, both]) assert.ok(waitsFor(alone, task));
  assert.ok(waitsFor(after, alone));
});

test('runs of foreign keys stand together, and the order of everything else stays', () => {
  const [rule, first, second] = [entry('RULE', ''), foreignKey('a', 'b'), foreignKey('c', 'd')];
  const entries = [rule, first, second, rule, rule];
  assert.deepEqual(foreignKeyRuns(entries), [[rule], [first, second], [rule, rule]]);
});
