import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { parseCoverage, policyPages } from '../../policies/catalogue.ts';
import { rules } from '../../policies/rules/index.ts';
import { fixtures } from './fixtures/index.ts';

async function rows(name: string): Promise<string[][]> {
  const text = await readFile(`tests/fixtures/policies/${name}`, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
}

test('every rule file is in the index, and named as its rule', async () => {
  const files = await readdir('policies/rules', { recursive: true });
  const names = files
    .filter((file) => file.includes('/') && file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'));
  assert.deepEqual(names.sort(), rules.map(({ id }) => id).sort());
});

test('the list of rule ids is the one that was agreed', async () => {
  const agreed = await readFile('tests/fixtures/policies/rule-ids.txt', 'utf8');
  assert.deepEqual(rules.map(({ id }) => id).sort(), agreed.trimEnd().split('\n'));
});

test('every rule has fixtures, and every fixture a rule', () => {
  assert.deepEqual(Object.keys(fixtures).sort(), rules.map(({ id }) => id).sort());
});

test('every rule names at least one control that its framework has', async () => {
  const known = new Set((await rows('controls.tsv')).map((row) => row.join('|')));
  for (const { id, controls } of rules) {
    assert.ok(controls.length > 0, `${id} names no control`);
    for (const control of controls)
      assert.ok(
        known.has([control.framework, control.version, control.id].join('|')),
        `${id} names ${control.framework} ${control.id}, which does not exist`,
      );
  }
});

test('every rule says when it passes, why, and how to get there', () => {
  for (const { id, title, rationale, remediation } of rules) {
    assert.match(title, /^[A-Z].*[^.]$/, `${id}: title`);
    for (const text of [rationale, remediation])
      assert.match(text, /^[A-Z].*\.$/s, `${id}: ${text}`);
  }
});

test('every check of the two scanners is covered by rules that exist, or has a reason why not', async () => {
  const coverage = parseCoverage(await readFile('policies/coverage.tsv', 'utf8'));
  const checks = (await rows('checks.tsv')).map(([check = '']) => check);
  assert.deepEqual(coverage.map(({ check }) => check).sort(), checks.sort());
  const known = new Set(rules.map(({ id }) => id));
  for (const { check, rules: covering, reason } of coverage) {
    assert.ok(
      covering.length > 0 ? reason === '' : reason.length > 20,
      `${check} has neither a rule nor a reason`,
    );
    for (const rule of covering)
      assert.ok(known.has(rule), `${check} names ${rule}, which does not exist`);
  }
});

test('docs/policies holds the pages that the rules make, and no others', async () => {
  const coverage = parseCoverage(await readFile('policies/coverage.tsv', 'utf8'));
  const pages = policyPages(rules, coverage);
  const files = (await readdir('docs/policies')).filter((file) => file !== 'README.md');
  assert.deepEqual(
    files.sort(),
    [...pages.keys()].sort(),
    'run node scripts/generate-policy-docs.ts',
  );
  for (const [name, text] of pages)
    assert.equal(
      await readFile(`docs/policies/${name}`, 'utf8'),
      text,
      `${name} is out of date: run node scripts/generate-policy-docs.ts`,
    );
});
