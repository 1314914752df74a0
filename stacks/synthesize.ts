import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSuppressions } from '../policies/face.ts';
import { buildApp } from './build-app.ts';
import { EnvironmentRefused, loadEnvironment } from './lib/load-environment.ts';
import { guardByPolicies, PoliciesRefused } from './lib/policy-gate.ts';
import { recordSourceLines } from './lib/source-lines.ts';

const suppressionsFile = join(import.meta.dirname, '../policies/suppressions.yaml');

recordSourceLines();
try {
  const environment = await loadEnvironment(process.env['HOLDFAST_ENV'] ?? 'sandbox');
  const { app } = buildApp(environment);
  guardByPolicies(app, {
    environment,
    suppressions: parseSuppressions(await readFile(suppressionsFile, 'utf8')),
    now: new Date(),
    print: (report) => void process.stderr.write(report),
  });
  app.synth();
} catch (error) {
  if (!(error instanceof EnvironmentRefused || error instanceof PoliciesRefused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
