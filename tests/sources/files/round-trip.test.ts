import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { restoreInWorker } from '../../../backup-agent/sources/files/worker/run-in-worker.ts';
import {
  makeAttachments,
  openAttachments,
  readersOf,
} from '../../operations/support/attachments.ts';
import { run } from '../../operations/support/scenario.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { testScale } from '../../support/scale.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

const modules = join(import.meta.dirname, '../../../node_modules');
/** All of it takes a while; some of it has what matters: links, and many small files. */
const parts = testScale > 1 ? ['.'] : ['.bin', '@smithy'];
const never = new AbortController().signal;

for (const part of parts)
  test(
    `the packages of this project restore to the same tree: ${part}`,
    {
      timeout: 1_800_000,
    },
    async () => {
      await using directory = await temporaryDirectory();
      const path = join(modules, part);
      const target = join(directory.path, 'restored');
      await makeAttachments(directory.path);
      const source = createFilesSource({ path, inWorker: true });
      const agent = await openAttachments(directory.path, { source, signal: never });
      const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, run);
      assert.equal(manifest?.problems, 0);
      const report = await restoreInWorker('restore', {
        chain: await readersOf(agent, manifest.id),
        target,
        signal: never,
        progress: silentProgress,
      });
      assert.deepEqual(report.refused, []);
      await execa('diff', ['-r', '--no-dereference', path, target]);
      assertSameTree(target, path);
    },
  );

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
