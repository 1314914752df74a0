import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { controlsReport } from '../../../contracts/controls-report.ts';
import { run, type Run } from '../../../policies/cli.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { agentFile, now, writeHealthyRecords } from './support.ts';
import { attestationsFile, infrastructure, type World } from './world.ts';

const call = (...argv: string[]): Promise<Run> => run(argv, () => now);

/** Everything that the commands take, as files; the options that name them. */
async function files(directory: string, world: World = {}): Promise<string[]> {
  const at = (name: string) => join(directory, name);
  await writeFile(at('main.tf.json'), JSON.stringify(infrastructure(world)));
  await writeFile(at('holdfast.yaml'), stringify(agentFile()));
  await writeFile(at('attestations.yaml'), attestationsFile(world));
  await writeHealthyRecords(at('bundle'), world.drilledDaysAgo);
  const named = ['--agent', at('holdfast.yaml'), '--attestations', at('attestations.yaml')];
  return [at('main.tf.json'), ...named, '--evidence', at('bundle')];
}

test('controls ends with 1 while one does not hold, and with 0 where that is no matter', async () => {
  await using directory = await temporaryDirectory();
  const inputs = await files(directory.path, { drilledDaysAgo: 61 });
  const told = await call('controls', ...inputs);
  assert.equal(told.code, 1);
  assert.match(told.output, /overdue +restore-drills/);
  assert.equal((await call('controls', ...inputs, '--fail-on', 'none')).code, 0);
  // One framework whose only control of this kind is fine.
  const only = await call('controls', ...inputs, '--frameworks', 'gdpr', '--format', 'json');
  assert.equal(only.code, 1);
  assert.deepEqual(
    controlsReport.parse(JSON.parse(only.output)).frameworks.map(({ id }) => id),
    ['gdpr'],
  );
});

test('report writes the page and the same as JSON', async () => {
  await using directory = await temporaryDirectory();
  const inputs = await files(directory.path);
  const [page, json] = [join(directory.path, 'c.html'), join(directory.path, 'c.json')];
  const { output, errors } = await call('report', ...inputs, '--out', page, '--json', json);
  assert.deepEqual([output, errors], ['', '']);
  assert.match(await readFile(page, 'utf8'), /^<!doctype html>/);
  const report = controlsReport.parse(JSON.parse(await readFile(json, 'utf8')));
  assert.ok(report.controls.length > 60);
  const shown = await call('report', ...inputs, '--fail-on', 'none');
  assert.equal(shown.code, 0);
  assert.equal(shown.output, await readFile(page, 'utf8'));
});

test('what cannot be used is a failure: 2, and a message that names it and no secret', async () => {
  await using directory = await temporaryDirectory();
  const [stacks = '', ...inputs] = await files(directory.path);
  const bad = join(directory.path, 'bad.yaml');
  await writeFile(bad, stringify({ ...agentFile(), keys: 'hunter2' }));
  for (const argv of [
    [join(directory.path, 'nothing')],
    [stacks, '--agent', bad],
    [stacks, '--agent', join(directory.path, 'nothing')],
    [stacks, '--attestations', join(directory.path, 'nothing')],
    [stacks, '--evidence', join(directory.path, 'bundle')],
    [stacks, ...inputs, '--evidence', stacks],
    [stacks, '--frameworks', 'iso'],
    [stacks, '--fail-on', 'met'],
  ]) {
    const { code, output, errors } = await call('controls', ...argv);
    assert.deepEqual([code, output], [2, ''], argv.join(' '));
    assert.match(errors, /^error: /);
    assert.doesNotMatch(errors, /hunter2|\n {4}at /);
  }
});

test('document fills in what the files know, in both languages', async () => {
  await using directory = await temporaryDirectory();
  const [, ...inputs] = await files(directory.path);
  const [, agent = ''] = inputs;
  const evidence = ['--evidence', join(directory.path, 'bundle')];
  const plan = await call('document', 'disaster-plan', '--agent', agent, ...evidence);
  assert.equal(plan.code, 0, plan.errors);
  assert.match(
    plan.output,
    /\| 1 \| crm-database \| PostgreSQL crm \| 30 min \| 1 min \| 4 h \| 10 min \| 2026-11-25 \(primary\) \|/,
  );
  assert.match(plan.output, /crm-attachments.*2026-11-25 \(primary\)/);
  assert.ok(!plan.output.includes('db.internal'), 'addresses of machines stay out');
  const environment = ['--environment', 'stacks/environments/production.yaml'];
  const record = await call('document', 'processing-record', '--agent', agent, ...environment);
  assert.match(record.output, /eu-central-1, eu-west-1/);
  assert.match(record.output, /keepWithin 14 d, keepMonthly 12 \(at most about 372 d\)/);
  const out = join(directory.path, 'notice.md');
  const chinese = ['--language', 'zh', '--out', out];
  const notice = await call(
    'document',
    'privacy-notice',
    '--agent',
    agent,
    ...environment,
    ...chinese,
  );
  assert.deepEqual([notice.code, notice.output], [0, '']);
  assert.match(await readFile(out, 'utf8'), /备份中最长约 372 天/);
  const none = await call('document', 'privacy-notice', '--agent', agent);
  assert.equal(none.code, 2);
  assert.match(none.errors, /needs the environment file/);
});
