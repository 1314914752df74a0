import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { environmentResource } from '../../policies/engine/environment.ts';
import { judgeGraph } from '../../policies/engine/judge.ts';
import { graphOf } from '../../policies/engine/load.ts';
import { withOutcome } from '../../policies/engine/report.ts';
import { judge, parseSuppressions, renderText } from '../../policies/face.ts';
import { rules } from '../../policies/rules/index.ts';
import { mutations } from './production/seeded.ts';
import { type Stack, synthesize, type Synthesis } from './production/stacks.ts';

const now = new Date('2026-11-23T12:00:00Z');
const names = ['production', 'staging', 'sandbox'] as const;
const syntheses = new Map<string, Synthesis>();
before(async () => {
  for (const name of names) syntheses.set(name, await synthesize(name));
});

function synthesisOf(name: string): Synthesis {
  const found = syntheses.get(name);
  assert.ok(found, `${name} is not synthesized`);
  return found;
}

for (const name of names)
  test(`${name} is clean, and each of its suppressions is used`, async () => {
    const { stacks, environment } = synthesisOf(name);
    const suppressions = parseSuppressions(await readFile('policies/suppressions.yaml', 'utf8'));
    const report = judge(stacks, { suppressions, now, environment });
    assert.deepEqual(report.errors, []);
    assert.equal(withOutcome(report, 'fail', 'unknown').length, 0, renderText(report));
    assert.deepEqual(report.suppressionProblems, []);
  });

test('every rule that passes somewhere in an environment has a seeded misconfiguration', () => {
  const seeded = new Set(mutations.map(({ rule }) => rule));
  const judged = names.flatMap((name) => {
    const { stacks, environment } = synthesisOf(name);
    return judge(stacks, { now, environment }).results.filter(({ outcome }) => outcome === 'pass');
  });
  const missing = new Set(judged.map(({ rule }) => rule.id)).difference(seeded);
  assert.deepEqual([...missing].sort(), [
    'environment-run-centrally',
    'environment-weakenings-reasoned',
  ]);
});

test('what the organization runs is reported with the reason, and asked of this account no more', () => {
  const { stacks, environment } = synthesisOf('production');
  const reason = 'The security account of the organization runs all detectors.';
  const content = { ...environment.content, runCentrally: [{ service: 'guardduty', reason }] };
  const without = structuredClone(stacks);
  for (const stack of without)
    for (const type of ['aws_guardduty_detector', 'aws_guardduty_detector_feature'])
      delete stack.content.resource[type];
  const outcomesOf = (environment: Synthesis['environment'], rule: string) =>
    judge(without, { now, environment }).results.filter((result) => result.rule.id === rule);
  const [asked] = outcomesOf(environment, 'guardduty-enabled');
  assert.equal(asked?.outcome, 'fail');
  const central = { ...environment, content };
  const [spared] = outcomesOf(central, 'guardduty-enabled');
  assert.equal(spared?.outcome, 'notApplicable');
  const [reported] = outcomesOf(central, 'environment-run-centrally');
  assert.equal(reported?.outcome, 'fail');
  assert.equal(reported?.actual, `the organization runs guardduty: ${reason}`);
});

test('environment-weakenings-reasoned names a setting that is weakened without a reason', () => {
  const { stacks, environment } = synthesisOf('sandbox');
  const content = { ...environment.content, weakenings: [] };
  const report = judge(stacks, { now, environment: { ...environment, content } });
  const found = withOutcome(report, 'fail').filter(
    ({ rule }) => rule.id === 'environment-weakenings-reasoned',
  );
  assert.deepEqual(
    found.map(({ address }) => address),
    ['environment/sandbox'],
  );
});

/** The addresses at which one rule fails, without suppressions. */
function failures(
  ruleId: string,
  stacks: readonly Stack[],
  environment: Synthesis['environment'],
): Set<string> {
  const rule = rules.find(({ id }) => id === ruleId);
  assert.ok(rule, `there is no rule ${ruleId}`);
  const { name, content } = environment;
  const report = judgeGraph(graphOf(stacks, [environmentResource(name, content)]), {
    rules: [rule],
    now,
  });
  assert.deepEqual(report.errors, []);
  return new Set(withOutcome(report, 'fail').map(({ address }) => address));
}

for (const mutation of mutations) {
  test(`${mutation.rule} names ${mutation.environment ?? 'production'} ${mutation.what}`, () => {
    const { stacks, environment } = synthesisOf(mutation.environment ?? 'production');
    const changed = structuredClone(stacks);
    mutation.apply(changed);
    const before = failures(mutation.rule, stacks, environment);
    const found = failures(mutation.rule, changed, environment).difference(before);
    assert.notEqual(found.size, 0, 'nothing new was found');
  });
}

test('at least sixty misconfigurations are seeded, for as many rules', () => {
  assert.ok(mutations.length >= 60);
  assert.ok(new Set(mutations.map(({ rule }) => rule)).size >= 60);
});
