import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSuppressions } from '../../../policies/face.ts';
import { buildApp } from '../../../stacks/build-app.ts';
import { loadEnvironment } from '../../../stacks/lib/load-environment.ts';
import { compiled, healthyInputs } from './world.ts';

test('production, with fresh evidence and attestations, holds every control', async () => {
  const inputs = await healthyInputs();
  const environment = await loadEnvironment('production');
  const infrastructure = join(inputs.directory, 'cdktf.out');
  const { app } = buildApp(environment, infrastructure);
  app.synth();
  const report = await compiled({
    ...inputs,
    infrastructure,
    environment: { name: 'production', content: JSON.parse(JSON.stringify(environment)) },
    suppressions: parseSuppressions(await readFile('policies/suppressions.yaml', 'utf8')),
  });
  const wrong = report.controls.flatMap(({ id, parts }) =>
    parts
      .filter(({ state }) => !['met', 'attested', 'absent'].includes(state))
      .map(({ kind, subject, why }) => `${id}: ${kind} ${subject}: ${why.en}`),
  );
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    report.controls.filter(({ state }) => state === 'absent').map(({ id }) => id),
    [],
  );
});
