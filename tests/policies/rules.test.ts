import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphOf } from '../../policies/engine/load.ts';
import { judgeGraph } from '../../policies/engine/judge.ts';
import type { Rule } from '../../policies/engine/rule.ts';
import type { Outcome } from '../../policies/engine/report.ts';
import { rules } from '../../policies/rules/index.ts';
import { fixtures } from './fixtures/index.ts';
import { asCdktf, asPlan, asSingleBlocks, type Scene } from './fixtures/scene.ts';

const now = new Date('2026-11-23T12:00:00Z');

function outcomes(rule: Rule, content: unknown): ReadonlyMap<Outcome, readonly string[]> {
  const report = judgeGraph(graphOf([{ name: '', file: 'cdk.tf.json', content }]), {
    rules: [rule],
    now,
  });
  assert.deepEqual(report.errors, [], `${rule.id} threw`);
  const grouped = Map.groupBy(report.results, ({ outcome }) => outcome);
  return new Map(
    [...grouped].map(([outcome, results]) => [
      outcome,
      [...new Set(results.map(({ address }) => address))].sort(),
    ]),
  );
}

function assertOutcomes(rule: Rule, scene: Scene, content: unknown, shape: string): void {
  const found = outcomes(rule, content);
  for (const outcome of ['fail', 'pass', 'unknown'] as const)
    assert.deepEqual(
      found.get(outcome) ?? [],
      [...scene[outcome]].sort(),
      `${rule.id}, ${shape}: ${outcome}`,
    );
}

for (const rule of rules) {
  test(`${rule.id} finds exactly the fixtures' addresses in every shape`, () => {
    const scenes = fixtures[rule.id] ?? [];
    assert.ok(
      scenes.some(({ fail }) => fail.length > 0),
      'no fixture fails',
    );
    assert.ok(
      scenes.some(({ pass }) => pass.length > 0),
      'no fixture passes',
    );
    for (const scene of scenes) {
      assertOutcomes(rule, scene, asCdktf(scene), 'lists of blocks');
      assertOutcomes(rule, scene, asSingleBlocks(scene), 'single blocks');
      const planned = outcomes(rule, asPlan(scene));
      for (const address of planned.get('pass') ?? [])
        assert.ok(
          !scene.fail.includes(address),
          `${rule.id}: a plan hides the failure of ${address}`,
        );
    }
  });
}
