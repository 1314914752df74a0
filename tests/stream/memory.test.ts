import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { launcherFlags, launcherEnvironment } from '../support/launcher.ts';
import { rounds } from '../support/scale.ts';

const mebibyte = 1024 * 1024;

test('storing and loading takes less than 128 MiB, however large the object', async () => {
  const sizeMiB = rounds(200, 1024);
  const worker = join(import.meta.dirname, 'memory-worker.ts');
  const command = [...launcherFlags, worker, String(sizeMiB)];
  const env = { ...process.env, ...launcherEnvironment };
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  const { received, grownBytes } = JSON.parse(stdout) as { received: number; grownBytes: number };
  assert.equal(received, sizeMiB * mebibyte);
  const grown = Math.round(grownBytes / mebibyte);
  assert.ok(grown < 128, `took ${grown} MiB beyond what the process had at rest`);
});
