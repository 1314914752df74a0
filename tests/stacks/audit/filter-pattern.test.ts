import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { matchesFilter } from './filter-pattern.ts';

/** An event after the examples of AWS's documentation of the syntax. */
const event = {
  eventType: 'UpdateTrail',
  sourceIPAddress: '111.111.111.111',
  arrayKey: ['value', 'another value'],
  objectList: [
    { name: 'a', id: 1 },
    { name: 'b', id: 2 },
  ],
  SomeObject: null,
  cluster: { name: 'c' },
  ThisFlag: true,
  bandwidth: 75,
};

suite('the filter patterns of CloudWatch Logs', () => {
  const matching = [
    '{ $.eventType = "UpdateTrail" }',
    '{ $.eventType = UpdateTrail }',
    '{ $.sourceIPAddress != 123.123.* }',
    '{ $.sourceIPAddress = 111.111.* }',
    '{ $.arrayKey[0] = "value" }',
    '{ $.objectList[1].id = 2 }',
    '{ $.SomeObject IS NULL }',
    '{ $.SomeOtherObject NOT EXISTS }',
    '{ $.ThisFlag IS TRUE }',
    '{ $.bandwidth > 70 }',
    '{ $.bandwidth >= 75 }',
    '{ ($.eventType = "x") || ($.cluster.name = "c") }',
    '{ ($.eventType = "Update*") && (($.bandwidth < 70) || ($.bandwidth <= 75)) }',
  ];
  for (const pattern of matching)
    test(`match by ${pattern}`, () => assert.ok(matchesFilter(pattern, event)));

  const passing = [
    '{ $.eventType = "updatetrail" }',
    '{ $.eventType = "Update" }',
    '{ $.SomeObject NOT EXISTS }',
    '{ $.SomeOtherObject IS NULL }',
    '{ $.missing = "*" }',
    '{ $.ThisFlag IS FALSE }',
    '{ $.bandwidth = 7 }',
    '{ ($.eventType = "UpdateTrail") && ($.cluster.name = "d") }',
  ];
  for (const pattern of passing)
    test(`do not match by ${pattern}`, () => assert.ok(!matchesFilter(pattern, event)));

  const wrong = [
    '$.eventType = "x"',
    '{ $.eventType = "x"',
    '{ $.eventType = "x" } }',
    '{ eventType = "x" }',
    '{ $.eventType ~ "x" }',
    '{ $.missing != "x" }',
    '{ ($.a = "x") || ($.b = "y") && ($.c = "z") }',
    `{ $.a = "${'x'.repeat(1024)}" }`,
  ];
  for (const pattern of wrong)
    test(`throw at ${pattern.slice(0, 60)}`, () =>
      assert.throws(() => matchesFilter(pattern, event), assert.AssertionError));
});
