import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import Ajv from 'ajv';
import { z } from 'zod';
import type { Report, Result } from '../../../policies/engine/report.ts';
import { type Rule } from '../../../policies/engine/rule.ts';
import { reporters } from '../../../policies/reporters/index.ts';

const rule: Rule = {
  id: 'x-locked',
  title: 'X is locked',
  severity: 'warning',
  rationale: 'Because.',
  remediation: 'Lock it.',
  controls: [{ framework: 'CIS', version: '6.0', id: '2.1' }],
  check: () => [],
};
const hostile = 's/aws_x.q["<a> & \'b\' 😀,\n::error::%"]';
const result = (more: Partial<Result>): Result => ({
  rule,
  address: 's/aws_x.a',
  origin: { construct: 's/x', file: 'out/s/cdk.tf.json', line: 7 },
  severity: rule.severity,
  outcome: 'fail',
  actual: 'locked is false',
  expected: 'locked true',
  ...more,
});
const suppression = {
  rule: 'x-locked',
  address: 's/aws_x.b',
  reason: 'Nothing of value is kept in it.',
  owner: 'platform',
  ticket: 'T-1',
  expires: '2026-12-01',
};
const report: Report = {
  resources: 4,
  rules: 1,
  results: [
    result({}),
    result({
      address: hostile,
      actual: 'bell \u0007 and <tag>',
      origin: { source: '/app/stacks/x.ts:12:5' },
    }),
    result({ address: 's/aws_x.b', outcome: 'suppressed', suppression }),
    result({ address: 's/aws_x.c', outcome: 'unknown' }),
    { rule, address: 's/aws_x.d', origin: {}, severity: rule.severity, outcome: 'pass' },
  ],
  suppressionProblems: [{ kind: 'unused', entry: 3, what: 'x-locked does not fail at s/aws_x.e' }],
  errors: [{ rule: 'x-broken', message: 'no such thing' }],
};

/** What the tests look at; that the whole is SARIF, the standard's own schema says. */
const sarif = z.object({
  runs: z.tuple([
    z.object({
      tool: z.object({ driver: z.object({ rules: z.array(z.object({ id: z.string() })) }) }),
      invocations: z.array(z.object({ executionSuccessful: z.boolean() })),
      results: z.array(
        z
          .object({
            ruleId: z.string(),
            ruleIndex: z.int().nonnegative(),
            kind: z.string(),
            level: z.string(),
            locations: z.array(
              z.object({
                physicalLocation: z
                  .object({ region: z.object({ startLine: z.int().positive() }) })
                  .optional(),
              }),
            ),
            suppressions: z.array(z.object({ justification: z.string() })).optional(),
          })
          // Section 3.27.10 of the standard; its schema cannot say it.
          .refine(
            ({ kind, level }) => kind === 'fail' || level === 'none',
            'a level other than none demands the kind fail',
          ),
      ),
    }),
  ]),
});

/** The JSON schema of SARIF 2.1.0 as published, compiled. */
async function sarifSchema(): Promise<Ajv.ValidateFunction> {
  const { resolve } = createRequire(import.meta.url);
  const read = async (name: string): Promise<object> =>
    JSON.parse(await readFile(resolve(name), 'utf8')) as object;
  const ajv = new Ajv({ schemaId: 'id', meta: false, allErrors: true, logger: false });
  const draft4 = 'http://json-schema.org/draft-04/schema';
  ajv.addMetaSchema(await read('ajv/lib/refs/json-schema-draft-04.json'), draft4);
  return ajv.compile(await read('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
}

test('SARIF is what the published schema of version 2.1.0 demands', async () => {
  const valid = await sarifSchema();
  for (const one of [report, { ...report, results: [], errors: [] }]) {
    const log = JSON.parse(reporters.sarif(one)) as object;
    assert.ok(valid(log), JSON.stringify(valid.errors));
  }
  assert.ok(!valid({ version: '2.1.0', runs: [{ tool: {}, results: [{ kind: 'bad' }] }] }));
  const paths = valid.errors?.map(({ dataPath }) => dataPath);
  assert.deepEqual(
    ['.runs[0].tool', '.runs[0].results[0]', '.runs[0].results[0].kind'].filter(
      (path) => !paths?.includes(path),
    ),
    [],
  );
});

test('SARIF holds findings, unknowns and suppressions', () => {
  const {
    runs: [run],
  } = sarif.parse(JSON.parse(reporters.sarif(report)));
  assert.deepEqual(
    run.results.map(({ kind }) => kind),
    ['fail', 'fail', 'fail', 'open'],
  );
  assert.deepEqual(
    run.results.map(({ suppressions }) => suppressions?.[0]?.justification),
    [
      undefined,
      undefined,
      'Nothing of value is kept in it. (platform, T-1, until 2026-12-01)',
      undefined,
    ],
  );
  assert.equal(run.invocations[0]?.executionSuccessful, false);
  for (const { ruleId, ruleIndex } of run.results)
    assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
  assert.equal(run.results[1]?.locations[0]?.physicalLocation?.region.startLine, 12);
});

test('text shows a finding with its construct, place, actual, expected and fix', () => {
  const shown = reporters.text(report);
  for (const part of [
    'warning x-locked  s/aws_x.a',
    'construct  s/x',
    'at         out/s/cdk.tf.json:7',
    'actual     locked is false',
    'expected   locked true',
    'fix        Lock it.',
    'until 2026-12-01, platform, T-1: Nothing of value',
    'entry 3 is unused',
    'engine error in x-broken',
    '4 resources, 1 rules: 2 failed, 1 unknown, 1 suppressed, 1 passed',
  ])
    assert.ok(shown.includes(part), part);
});

test('JUnit counts every outcome and escapes what XML forbids', () => {
  const shown = reporters.junit(report);
  assert.match(shown, /<testsuite name="x-locked" tests="5" failures="2" errors="0" skipped="2">/);
  assert.match(shown, /<testsuite name="x-broken" tests="1" failures="0" errors="1" skipped="0">/);
  assert.ok(shown.includes('&lt;a&gt; &amp; &apos;b&apos; 😀'));
  // oxlint-disable-next-line no-control-regex -- what must not be there
  assert.doesNotMatch(shown, /[\u0000-\u0008]|<a>/);
});

test('GitHub annotations stay on one line each, whatever an address holds', () => {
  const lines = reporters.github(report).trimEnd().split('\n');
  assert.equal(lines.length, 6);
  assert.ok(
    lines.includes(
      '::notice title=1 suppressed::x-locked at s/aws_x.b until 2026-12-01: Nothing of value is kept in it.',
    ),
  );
  for (const line of lines) assert.match(line, /^::(error|warning|notice) /);
  assert.match(
    lines[0] ?? '',
    /^::warning file=out\/s\/cdk\.tf\.json,line=7,title=x-locked::s\/aws_x\.a: X is locked/,
  );
  assert.ok(lines[1]?.includes('%0A::error::%25'));
});

test('JSON holds everything but what passes, and the counts of all', () => {
  const parsed = JSON.parse(reporters.json(report)) as {
    counts: object;
    results: { address: string; rule: string }[];
  };
  assert.deepEqual(parsed.counts, {
    pass: 1,
    fail: 2,
    unknown: 1,
    notApplicable: 0,
    suppressed: 1,
  });
  assert.deepEqual(
    parsed.results.map(({ address }) => address),
    ['s/aws_x.a', hostile, 's/aws_x.b', 's/aws_x.c'],
  );
});
