import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocking, exitCode } from '../../../policies/engine/gate.ts';
import { judgeGraph } from '../../../policies/engine/judge.ts';
import { graphOf } from '../../../policies/engine/load.ts';
import { count, type Report, withOutcome } from '../../../policies/engine/report.ts';
import { type Rule, resource } from '../../../policies/engine/rule.ts';
import { parseSuppressions, SuppressionsError } from '../../../policies/engine/suppress.ts';
import { isTrue, requires } from '../../../policies/engine/verdict.ts';

const rule: Rule = {
  id: 'x-locked',
  title: 'X is locked',
  severity: 'error',
  rationale: 'R.',
  remediation: 'F.',
  controls: [],
  check: resource('aws_x', (x) => requires(x, 'locked', isTrue)),
};
const strict: Rule = { ...rule, id: 'x-always', unsuppressible: true };
const graph = graphOf([
  {
    name: 's',
    file: 'f',
    content: {
      resource: { aws_x: { open: {}, shut: { locked: true }, later: { locked: '${var.x}' } } },
    },
  },
]);

const entry = (more: object = {}): object => ({
  rule: 'x-locked',
  address: 's/aws_x.open',
  reason: 'Nothing of value is kept in it.',
  owner: 'platform',
  ticket: 'T-1',
  expires: '2026-11-23',
  ...more,
});

function judge(
  entries: readonly object[],
  time = '2026-11-23T23:59:59.999Z',
  more: { rules?: readonly Rule[]; environment?: string } = {},
): Report {
  const suppressions = parseSuppressions(JSON.stringify({ version: 1, suppressions: entries }));
  return judgeGraph(graph, { rules: [rule], suppressions, now: new Date(time), ...more });
}

test('a suppression holds through the whole of its last day, in UTC', () => {
  const report = judge([entry()]);
  assert.deepEqual(count(report), {
    pass: 1,
    fail: 0,
    unknown: 1,
    notApplicable: 0,
    suppressed: 1,
  });
  assert.equal(withOutcome(report, 'suppressed')[0]?.suppression?.ticket, 'T-1');
  assert.equal(exitCode(report, { failOn: 'note' }), 0);
});

test('the finding returns when the day is over, and says why', () => {
  const report = judge([entry()], '2026-11-24T00:00:00Z');
  assert.match(withOutcome(report, 'fail')[0]?.note ?? '', /expired on 2026-11-23/);
  assert.deepEqual(
    report.suppressionProblems.map(({ kind }) => kind),
    ['expired'],
  );
  assert.equal(exitCode(report, { failOn: 'error' }), 1);
});

const malformed: Readonly<Record<string, object>> = {
  'a reason that is too short': { reason: 'because' },
  'no owner': { owner: ' ' },
  'no ticket': { ticket: undefined },
  'a day that does not exist': { expires: '2026-02-30' },
  'a pattern for an address': { address: 's/aws_x.*' },
  'an unknown key': { until: 'later' },
  'no rule': { rule: undefined },
};
for (const [what, change] of Object.entries(malformed))
  test(`an entry with ${what} spoils nothing but itself`, () => {
    const report = judge([entry(change), entry({ address: 's/aws_x.shut' })]);
    assert.equal(withOutcome(report, 'fail').length, 1);
    assert.deepEqual(
      report.suppressionProblems.map(({ kind, entry: at }) => [kind, at]),
      [
        ['malformed', 1],
        ['unused', 2],
      ],
    );
  });

test('a rule that cannot be suppressed is not, and the entry is reported as refused', () => {
  const report = judge([entry({ rule: 'x-always' })], undefined, { rules: [strict] });
  assert.equal(withOutcome(report, 'fail').length, 1);
  assert.deepEqual(
    report.suppressionProblems.map(({ kind }) => kind),
    ['refused'],
  );
});

test('an entry for a rule that does not exist is reported', () => {
  assert.deepEqual(
    judge([entry({ rule: 'no-such-rule' })]).suppressionProblems.map(({ kind }) => kind),
    ['unknown-rule'],
  );
});

test('a second entry for the same finding is reported', () => {
  assert.deepEqual(
    judge([entry(), entry()])
      .suppressionProblems.filter(({ kind }) => kind === 'malformed')
      .map(({ entry: at }) => at),
    [2],
  );
});

test('an entry for other environments neither counts nor is missed', () => {
  const sandbox = entry({ environments: ['sandbox'] });
  assert.equal(
    withOutcome(judge([sandbox], undefined, { environment: 'sandbox' }), 'suppressed').length,
    1,
  );
  for (const more of [{ environment: 'production' }, {}]) {
    const report = judge([sandbox], undefined, more);
    assert.equal(withOutcome(report, 'fail').length, 1);
    assert.deepEqual(report.suppressionProblems, []);
  }
});

test('a file that is no suppressions file is refused as a whole', () => {
  for (const text of ['[', 'version: 2', 'x: 1', ''])
    assert.throws(() => parseSuppressions(text), SuppressionsError);
});

test('what is unknown stops a strict run only', () => {
  const report = judge([entry()]);
  assert.equal(exitCode(report, { failOn: 'error', strict: true }), 1);
  assert.deepEqual(
    blocking(report, { failOn: 'error', strict: true }).map(({ address }) => address),
    ['s/aws_x.later'],
  );
});

test('findings below the threshold do not stop a run', () => {
  const report = judge([], undefined, { rules: [{ ...rule, severity: 'warning' }] });
  assert.deepEqual(
    [exitCode(report, { failOn: 'error' }), exitCode(report, { failOn: 'warning' })],
    [0, 1],
  );
});

test('a rule that throws is an error of the engine, never a finding', () => {
  const broken: Rule = {
    ...rule,
    id: 'x-broken',
    check: () => {
      throw new TypeError('no such thing');
    },
  };
  const report = judge([], undefined, { rules: [broken] });
  assert.deepEqual(
    [report.results.length, report.errors.map(({ rule: id, message }) => `${id}: ${message}`)],
    [0, ['x-broken: no such thing']],
  );
  assert.equal(exitCode(report, { failOn: 'error' }), 2);
});
