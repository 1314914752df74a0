import { buildApp } from './build-app.ts';
import { EnvironmentRefused, loadEnvironment } from './lib/load-environment.ts';

try {
  const environment = await loadEnvironment(process.env['HOLDFAST_ENV'] ?? 'sandbox');
  buildApp(environment).app.synth();
} catch (error) {
  if (!(error instanceof EnvironmentRefused)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
