import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { backUp } from './killed-restore.ts';
import { assertSameTree } from './tree.ts';

const signal = new AbortController().signal;
const program = join(import.meta.dirname, 'killed-restore.ts');
const fileSizeLimitKiB = 512;

test('a restore that meets the limit of its target says so, and goes on once there is room', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = [join(directory.path, 'source'), join(directory.path, 'target')];
  mkdirSync(source);
  writeFileSync(join(source, 'a small one'), 'fits');
  writeFileSync(join(source, 'large'), Buffer.alloc(2 * fileSizeLimitKiB * 1024, 'content'));
  const { stderr, status } = spawnSync(
    'bash',
    [
      '-c',
      `ulimit -f ${fileSizeLimitKiB}; exec "$@"`,
      'bash',
      process.execPath,
      program,
      source,
      target,
      '1e9',
    ],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1, stderr);
  assert.match(stderr, /code: 'target-full'/);
  const chain = [await backUp(source)];
  const report = await restoreFiles({ chain, target, signal, progress: silentProgress });
  assert.deepEqual(report.refused, []);
  assertSameTree(target, source);
});

test('a target that the system does not let anybody write to is named', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  mkdirSync(source);
  const chain = [await backUp(source)];
  const target = '/sys/holdfast-restored';
  await assert.rejects(restoreFiles({ chain, target, signal, progress: silentProgress }), {
    code: 'target-denied',
    message: /^\/sys\/holdfast-restored: mkdir failed with (EPERM|EACCES|EROFS)$/,
  });
});
