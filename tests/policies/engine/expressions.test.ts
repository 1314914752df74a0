import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { resolve, type Scope } from '../../../policies/engine/evaluate.ts';
import { parseTemplate } from '../../../policies/engine/parse.ts';
import {
  display,
  isKnown,
  isObject,
  isOpaque,
  reference,
  referencesIn,
  type Value,
  textOf,
} from '../../../policies/engine/value.ts';
import { rounds } from '../../support/scale.ts';

const numRuns = rounds(200, 5000);
const network: Value = {
  id: reference('aws_vpc.main', 'id'),
  cidr: '10.0.0.0/16',
  zones: ['a', 'b'],
  'with-dash': { n: 1 },
};
const scope: Scope = (name) =>
  name === 'net' ? network : name === 'unknown' ? reference('aws_x.y', 'z') : undefined;
const evaluate = (expression: string): Value => resolve(`\${${expression}}`, scope);

/** A value as Terraform's native syntax writes it. */
function written(value: Value): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(written).join(', ')}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)} = ${written(item)}`)
      .join(', ')}}`;
  return value === null ? 'null' : textOf(value);
}

const quoted = (text: string): string =>
  JSON.stringify(text)
    .replaceAll('${', '$${')
    .replaceAll('%{', '%%{')
    .replaceAll(/\\[bf]/g, (escape) =>
      escape === String.raw`\b` ? String.raw`\u0008` : String.raw`\u000c`,
    );

const text = fc
  .string({ unit: 'grapheme' })
  .filter((one) => !/[\uE000-\uE002]/.test(one) && !one.includes('__proto__'));
const numbers = fc.integer({ min: 0, max: 1_000_000 });
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    numbers,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      text.filter((key) => key !== ''),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
}));

test('any value written in Terraform syntax evaluates to itself', () => {
  fc.assert(
    fc.property(value, (expected) => {
      assert.deepEqual(evaluate(written(expected)), JSON.parse(JSON.stringify(expected)));
    }),
    { numRuns },
  );
});

test('jsondecode undoes jsonencode', () => {
  fc.assert(
    fc.property(value, (expected) => {
      assert.deepEqual(
        evaluate(`jsondecode(jsonencode(${written(expected)}))`),
        JSON.parse(JSON.stringify(expected)),
      );
    }),
    { numRuns },
  );
});

test('text around an interpolation stays as it is, escapes included', () => {
  fc.assert(
    fc.property(text, numbers, text, (before, number, after) => {
      const escape = (part: string): string => part.replaceAll('${', '$${').replaceAll('%{', '%%{');
      fc.pre(!before.endsWith('$') && !before.endsWith('%'));
      assert.equal(
        textOf(resolve(`${escape(before)}\${${number}}${escape(after)}`, scope)),
        `${before}${number}${after}`,
      );
    }),
    { numRuns },
  );
});

test('arithmetic and comparisons bind as in Terraform', () => {
  fc.assert(
    fc.property(numbers, numbers, fc.integer({ min: 1, max: 99 }), (a, b, c) => {
      assert.equal(evaluate(`${a} + ${b} * ${c}`), a + b * c);
      assert.equal(evaluate(`(${a} + ${b}) * ${c}`), (a + b) * c);
      assert.equal(evaluate(`${a} < ${b} || ${a} >= ${b} && true`), true);
      assert.equal(evaluate(`${a} > ${b} ? "more" : "less"`), a > b ? 'more' : 'less');
      assert.equal(evaluate(`-${a} == 0 - ${a} && !(${a} != ${a})`), true);
    }),
    { numRuns },
  );
});

test('no text makes the parser run away or throw anything but its own error', () => {
  const pieces = fc.constantFrom(
    '${',
    '}',
    '"',
    '[',
    ']',
    '(',
    ')',
    '{',
    '.',
    '*',
    'a',
    '1',
    ' for ',
    'if',
    ':',
    '?',
    '...',
    '=>',
    '=',
    ',',
    '\\',
    '%{',
    '$${',
    '\n',
    '#',
    '//',
    '-',
    '!',
    '😀',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const source = parts.join('');
      try {
        parseTemplate(source);
      } catch (error) {
        assert.equal((error as Error).name, 'ExpressionError', source);
      }
      assert.notEqual(resolve(source, scope), undefined);
    }),
    { numRuns: numRuns * 2 },
  );
});

const known: Readonly<Record<string, Value>> = {
  'net.cidr': '10.0.0.0/16',
  'net.zones[1]': 'b',
  'net.zones.0': 'a',
  'net["cidr"]': '10.0.0.0/16',
  'net.with-dash.n': 1,
  'net.zones[*]': ['a', 'b'],
  '[for i, z in net.zones : "${i}-${z}" if z != "a"]': ['1-b'],
  '{for z in net.zones : z => upper(z)}': { a: 'A', b: 'B' },
  '{for z in ["x", "x"] : z => 1...}': { x: [1, 1] },
  'cidrsubnet(net.cidr, 8, 2)': '10.0.2.0/24',
  'cidrsubnet("2001:db8::/32", 16, 1)': '2001:db8:1:0:0:0:0:0/48',
  'cidrhost("10.0.0.0/24", -1)': '10.0.0.255',
  'cidrnetmask("10.0.0.0/12")': '255.240.0.0',
  'format("%s-%03d", "a", 1)': '(unknown: format() of what is not known)',
  'format("%s-%d%%", "a", 1)': 'a-1%',
  'join(",", concat(net.zones, ["c"]))': 'a,b,c',
  'merge({a = 1, b = 1}, {b = 2})': { a: 1, b: 2 },
  'element(["x", "y"], 3)': 'y',
  'lookup({a = 1}, "b", 9)': 9,
  'toset(["a", "a"])': ['a'],
  'flatten([["a"], [["b"]]])': ['a', 'b'],
  'try(net.nothing, "fallback")': 'fallback',
  'max([1, 5, 3]...)': 5,
  'coalesce("", "x")': 'x',
  'zipmap(["a"], [1])': { a: 1 },
  'one(["x"])': 'x',
  'length(net.zones)': 2,
  'contains(net.zones, "a")': true,
  'true || unknown': true,
  'false && unknown': false,
  'trimsuffix("a.b.", ".")': 'a.b',
  'replace("a-b", "-", "_")': 'a_b',
  '1 /* why */ + 1': 2,
};

for (const [expression, expected] of Object.entries(known))
  test(`${expression} is ${JSON.stringify(expected)}`, () => {
    const found = evaluate(expression);
    assert.deepEqual(isOpaque(found) ? display(found) : found, expected);
  });

const undecided: Readonly<Record<string, readonly string[]>> = {
  'var.missing': [],
  'unknown ? 1 : 2': ['aws_x.y'],
  'upper(unknown)': ['aws_x.y'],
  '[for s in unknown.states : s.id]': ['aws_x.y'],
  'one([for s in unknown.states : s.id if s.x == net.id])': ['aws_x.y'],
  'timestamp()': [],
  'nofunction(net.id)': ['aws_vpc.main'],
};

for (const [expression, mentioned] of Object.entries(undecided))
  test(`${expression} is not known, and remembers what it mentions`, () => {
    const found = evaluate(expression);
    assert.ok(isOpaque(found));
    assert.deepEqual(
      referencesIn(found).map(({ address }) => address),
      mentioned,
    );
  });

test('the attribute of a resource is known by name only, and survives text, lists and JSON', () => {
  const found = resolve('${jsonencode({"a" = ["${net.id}/x"]})}', scope);
  assert.ok(!isKnown(found) && !isOpaque(found));
  assert.equal(display(found), '{"a":["${aws_vpc.main.id}/x"]}');
  assert.deepEqual(referencesIn(evaluate('unknown.list[0].deep')), [
    { address: 'aws_x.y', attribute: 'z.list.0.deep' },
  ]);
});

test('input cannot forge a symbol', () => {
  assert.deepEqual(referencesIn(resolve('\uE000aws_x.y#id\uE001', scope)), []);
});
