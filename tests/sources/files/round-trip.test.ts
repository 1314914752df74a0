import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

const modules = join(import.meta.dirname, '../../../node_modules/@aws-sdk');
const never = new AbortController().signal;

test('a tree of packages restores to the same tree', async () => {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, 'restored');
  const [full] = await takeBackups(createFilesSource({ path: modules }), 'full');
  assert.ok(full);
  assert.deepEqual(full.problems, []);
  const report = await restoreFiles({
    chain: [full.reader],
    target,
    signal: never,
    progress: silentProgress,
  });
  assert.deepEqual(report.refused, []);
  assertSameTree(target, modules);
});

test('an incremental stores what changed, and a renamed file not at all', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'restored'].map((name) => join(directory.path, name)) as [
    string,
    string,
  ];
  mkdirSync(join(source, 'folder'), { recursive: true });
  writeFileSync(join(source, 'folder/kept'), 'kept as it is');
  writeFileSync(join(source, 'folder/moved'), 'content that only moves');
  writeFileSync(join(source, 'gone'), 'to be deleted');
  const files = createFilesSource({ path: source });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  renameSync(join(source, 'folder/moved'), join(source, 'elsewhere'));
  rmSync(join(source, 'gone'));
  writeFileSync(join(source, 'new'), 'brand new');
  const [incremental] = await takeBackups(files, 'incremental', { chain: [full.reader] });
  assert.ok(incremental);
  const stored = Buffer.concat([...incremental.writer.objects.values()]).toString('latin1');
  assert.ok(stored.includes('brand new'));
  assert.ok(!stored.includes('content that only moves'));
  assert.ok(!stored.includes('kept as it is'));
  const chain = [full.reader, incremental.reader];
  await restoreFiles({ chain, target, signal: never, progress: silentProgress });
  assertSameTree(target, source);
});
