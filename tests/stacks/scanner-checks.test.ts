import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { parseCoverage } from '../../policies/catalogue.ts';
import { judge, parseSuppressions, type Result } from '../../policies/face.ts';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { environmentNames, resourcesOf, synthesize } from './support.ts';

const root = join(import.meta.dirname, '../..');
const now = new Date('2026-11-23T12:00:00Z');
const suppressions = parseSuppressions(
  await readFile(join(root, 'policies/suppressions.yaml'), 'utf8'),
);
const coverage = new Map(
  parseCoverage(await readFile(join(root, 'policies/coverage.tsv'), 'utf8')).map((entry) => [
    entry.check,
    entry,
  ]),
);

/** A scanner's check, as tests/fixtures/policies/checks.tsv lists them. */
interface Check {
  readonly id: string;
  /** Of these the check looks at one, the others are related to it. */
  readonly types: readonly string[];
}

/**
 * Rules that have nothing to judge here, with the reason. Where it is that no stack has a kind of
 * resource, the entry ends with the first such resource: the rule must judge it.
 */
const nothingToJudge: readonly {
  readonly rules: readonly string[];
  readonly absent?: string;
  readonly reason: string;
}[] = [
  {
    rules: ['lb-cross-zone'],
    reason: 'An application load balancer always crosses zones; only other kinds have the setting.',
  },
  {
    rules: ['ecr-names-principals'],
    absent: 'aws_ecr_repository_policy',
    reason: 'No repository of images has a policy: ECR then lets its own account in alone.',
  },
];

/** Checks that no rule covers although a stack has one of their types, with the reason. */
const uncovered: Readonly<Record<string, string>> = {
  CKV2_AWS_9: 'looks at EBS volumes; those of drills are made and deleted by ECS',
  CKV2_AWS_7: 'looks at EMR clusters; none exist',
  CKV2_AWS_15: 'looks at auto scaling groups; none exist',
  CKV2_AWS_47: 'looks at CloudFront distributions; none exist',
  CKV2_AWS_68: 'looks at SageMaker notebooks; none exist',
  CKV2_AWS_77: 'looks at API Gateway; none exists',
  CKV2_AWS_78: 'looks at AppSync; none exists',
  'AWS-0027': 'looks at EBS volumes; none exist',
  'AWS-0169': 'was withdrawn by its authors',
  'AWS-0170': 'asks for what only the root user can switch on by hand',
};

async function coreChecks(): Promise<Check[]> {
  const text = await readFile(join(root, 'tests/fixtures/policies/checks.tsv'), 'utf8');
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const column = (line: string, name: string) =>
    line.split('\t')[header.split('\t').indexOf(name)] ?? '';
  return lines
    .filter((line) => column(line, 'scope') === 'core')
    .map((line) => ({ id: column(line, 'id'), types: column(line, 'resource_types').split(',') }));
}

/** What the three environments hold, and what the rules say of them. */
const present = new Set<string>();
const results: (Result & { readonly environment: string })[] = [];
const checks = await coreChecks();
before(async () => {
  for (const name of environmentNames) {
    const environment = await loadEnvironment(name);
    const stacks = await synthesize(environment);
    const content = JSON.parse(JSON.stringify(environment));
    for (const { type } of resourcesOf(stacks)) present.add(type);
    const files = Object.entries(stacks).map(([stack, json]) => ({
      name: stack,
      file: `${stack}/cdk.tf.json`,
      content: json,
    }));
    const report = judge(files, { suppressions, now, environment: { name, content } });
    results.push(...report.results.map((result) => ({ ...result, environment: name })));
  }
});

const concerned = () => checks.filter(({ types }) => types.some((type) => present.has(type)));
const rulesOf = ({ id }: Check) => coverage.get(id)?.rules ?? [];
const judged = (rule: string) =>
  results.some(({ rule: { id }, outcome }) => id === rule && outcome !== 'notApplicable');

suite('the checks of two scanners that concern what the stacks make', () => {
  test('are many', () => {
    assert.ok(checks.length > 250);
    assert.ok(concerned().length > 150, String(concerned().length));
  });

  test('are all covered by rules, but for those listed with a reason', () => {
    const missing = concerned().filter((check) => rulesOf(check).length === 0);
    assert.deepEqual(missing.map(({ id }) => id).sort(), Object.keys(uncovered).sort());
  });

  test('are met in every environment, or accepted with a reason, a person and a last day', () => {
    const covering = new Set(concerned().flatMap(rulesOf));
    for (const { rule, outcome, address, environment, suppression } of results) {
      if (!covering.has(rule.id)) continue;
      const where = `${rule.id} at ${address} of ${environment}`;
      assert.ok(['pass', 'suppressed', 'notApplicable'].includes(outcome), `${where}: ${outcome}`);
      if (outcome === 'suppressed')
        assert.ok(suppression?.reason && suppression.owner && suppression.expires, where);
    }
  });

  test('are judged by a rule in truth, but for those listed with a reason', () => {
    const silent = concerned()
      .filter((check) => rulesOf(check).length > 0 && !rulesOf(check).some(judged))
      .flatMap(rulesOf);
    assert.deepEqual(
      [...new Set(silent)].sort(),
      nothingToJudge.flatMap(({ rules }) => rules).sort(),
    );
  });

  test('have no exception that has outlived its reason', () => {
    for (const { absent, rules } of nothingToJudge)
      if (absent) assert.ok(!present.has(absent), `${rules.join()} can judge ${absent}`);
  });
});
