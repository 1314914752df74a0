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
let production: Synthesis;
before(async () => {
  production = await synthesize('production');
});

for (const name of ['production', 'staging', 'sandbox']) {
  test(`${name} is clean, and each of its suppressions is used`, async () => {
    const { stacks, environment } = name === 'production' ? production : await synthesize(name);
    const suppressions = parseSuppressions(await readFile('policies/suppressions.yaml', 'utf8'));
    const report = judge(stacks, { suppressions, now, environment });
    assert.deepEqual(report.errors, []);
    assert.equal(withOutcome(report, 'fail', 'unknown').length, 0, renderText(report));
    assert.deepEqual(report.suppressionProblems, []);
  });
}

/** The addresses at which one rule fails, without suppressions. */
function failures(ruleId: string, stacks: readonly Stack[]): Set<string> {
  const rule = rules.find(({ id }) => id === ruleId);
  assert.ok(rule, `there is no rule ${ruleId}`);
  const { name, content } = production.environment;
  const report = judgeGraph(graphOf(stacks, [environmentResource(name, content)]), {
    rules: [rule],
    now,
  });
  assert.deepEqual(report.errors, []);
  return new Set(withOutcome(report, 'fail').map(({ address }) => address));
}

for (const mutation of mutations) {
  test(`${mutation.rule} names production ${mutation.what}`, () => {
    const changed = structuredClone(production.stacks);
    mutation.apply(changed);
    const found = failures(mutation.rule, changed).difference(
      failures(mutation.rule, production.stacks),
    );
    assert.notEqual(found.size, 0, 'nothing new was found');
  });
}

test('at least sixty misconfigurations are seeded, for as many rules', () => {
  assert.ok(mutations.length >= 60);
  assert.ok(new Set(mutations.map(({ rule }) => rule)).size >= 60);
});
