import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { judgeGraph } from '../../../policies/engine/judge.ts';
import { graphOf, load } from '../../../policies/engine/load.ts';
import { isObject, type Value } from '../../../policies/engine/value.ts';
import { judge } from '../../../policies/face.ts';
import { rules } from '../../../policies/rules/index.ts';
import { rounds } from '../../support/scale.ts';
import { fixtures } from '../fixtures/index.ts';
import { asCdktf, asPlan, type Scene } from '../fixtures/scene.ts';

const now = new Date('2026-11-23T12:00:00Z');
const scenes = Object.values(fixtures).flat();
const odd: readonly Value[] = [
  null,
  '',
  '${var.unknown}',
  '${aws_s3_bucket.nowhere.id}',
  '%{ if true }x%{ endif }',
  '${',
  [],
  {},
  [[]],
  [null],
  0,
  -1,
  true,
  'x'.repeat(300),
  '[{"a":',
  '{"Statement":[null,1,"x",{"Action":{},"Principal":[]}]}',
];

/** Replaces the nth leaf or branch of a value. */
function replace(value: Value, counter: { left: number }, by: Value): Value {
  counter.left -= 1;
  if (counter.left === 0) return by;
  if (Array.isArray(value))
    return (value as readonly Value[]).map((item) => replace(item, counter, by));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replace(item, counter, by)]),
  );
}

test('no odd value anywhere in a resource makes a rule throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...scenes),
      fc.nat(1000),
      fc.constantFrom(...odd),
      fc.integer({ min: 2, max: 40 }),
      fc.boolean(),
      (scene, pick, by, depth, plan) => {
        const addresses = Object.keys(scene.resources);
        const address = addresses[pick % addresses.length] ?? '';
        const changed: Scene = {
          ...scene,
          resources: {
            ...scene.resources,
            [address]: replace(
              scene.resources[address] ?? {},
              { left: depth },
              by,
            ) as Scene['resources'][string],
          },
        };
        const report = judgeGraph(
          graphOf([{ name: 's', file: 'f', content: plan ? asPlan(changed) : asCdktf(changed) }]),
          { rules, now },
        );
        assert.deepEqual(report.errors, []);
      },
    ),
    { numRuns: rounds(300, 20_000) },
  );
});

for (const name of [
  'module.tf.json',
  'plan.json',
  'registry-module.plan.json',
  'old-cdk.tf.json',
  'translated.tf.json',
])
  test(`foreign Terraform runs through without an engine error: ${name}`, async () => {
    const graph = await load(`tests/fixtures/policies/foreign/${name}`);
    assert.ok(graph.resources.length > 0);
    assert.deepEqual(judgeGraph(graph, { rules, now }).errors, []);
  });

test('in the plan of a module with counts, loops and unknown blocks, findings stand at the instances', async () => {
  const graph = await load('tests/fixtures/policies/foreign/registry-module.plan.json');
  const { results } = judgeGraph(graph, { rules, now });
  const at = (outcome: string, rule: string): string[] =>
    results
      .filter((result) => result.outcome === outcome && result.rule.id === rule)
      .map(({ address }) => address);
  assert.deepEqual(at('fail', 'sg-no-open-admin-ports'), [
    'module.storage.aws_security_group_rule.ingress["web"]',
  ]);
  assert.deepEqual(at('pass', 's3-versioned'), ['module.storage.aws_s3_bucket.this[0]']);
  assert.deepEqual(at('unknown', 'rds-storage-encrypted'), []);
});

test('labelled blocks may stand in lists at every level, beside comments', async () => {
  const graph = await load('tests/fixtures/policies/foreign/translated.tf.json');
  assert.deepEqual(
    graph.resources.map(({ address }) => address),
    ['aws_s3_bucket.one', 'aws_s3_bucket.two', 'aws_sqs_queue.jobs', 'data.aws_region.here'],
  );
  assert.equal(graph.at('aws_sqs_queue.jobs')?.get('name'), 'crm-jobs');
});

test('the references of a real plan lead through modules to the resources they come from', async () => {
  const graph = await load('tests/fixtures/policies/foreign/plan.json');
  const inner = graph.at('module.inner["b"].terraform_data.copy');
  assert.deepEqual(
    graph.referents(inner?.get('input.from'), 'terraform_data').map(({ address }) => address),
    ['terraform_data.source["b"]'],
  );
  assert.equal(inner?.get('input.plain'), 'known');
  const after = graph.at('terraform_data.after');
  assert.deepEqual(
    graph.referents(after?.get('input'), 'terraform_data').map(({ address }) => address),
    ['module.inner["a"].terraform_data.copy', 'module.inner["b"].terraform_data.copy'],
  );
});

test('a stack given as an object is judged as its file would be', async () => {
  const content: unknown = JSON.parse(
    await readFile('tests/fixtures/policies/foreign/module.tf.json', 'utf8'),
  );
  const report = judge([{ name: 'foreign', file: 'module.tf.json', content }], { now });
  assert.ok(report.results.every(({ address }) => address.startsWith('foreign/')));
});
