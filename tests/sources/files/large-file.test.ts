import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { needing } from '../../support/programs.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { backUp, counting, killedSegmentBytes } from './killed-restore.ts';
import { assertSameTree } from './tree.ts';

const signal = new AbortController().signal;
const partBytes = 100_000;

/** One lane, so that what is equal is packed one after the other. */
const sourceOf = (path: string) =>
  createFilesSource({ path, segmentBytes: partBytes, smallestPartBytes: partBytes, lanes: 1 });

async function restore(chain: readonly BackupReader[], target: string) {
  return await restoreFiles({ chain, target, signal, progress: silentProgress });
}

function pair(directory: string) {
  const [source, target] = ['source', 'restored'].map((name) => join(directory, name));
  assert.ok(source && target);
  mkdirSync(source);
  return { source, target };
}

test('a file larger than a segment, its names, copies and holes come back from its parts', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  writeFileSync(join(source, 'large'), randomBytes(1_234_567));
  linkSync(join(source, 'large'), join(source, 'large by another name'));
  copyFileSync(join(source, 'large'), join(source, 'a copy'));
  writeFileSync(join(source, 'holes'), 'at the beginning');
  truncateSync(join(source, 'holes'), 900_000);
  writeFileSync(join(source, 'small'), 'beside them');
  const [full] = await takeBackups(sourceOf(source), 'full');
  assert.ok(full);
  const sizes = [...full.writer.objects.values()].map(({ length }) => length);
  assert.ok(Math.max(...sizes) < partBytes + 4096, 'no segment is larger than a part');
  const stored = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(stored < 1_234_567 + 900_000 + 100 * 4096, 'a content is stored once');
  await restore([full.reader], target);
  assertSameTree(target, source);
  const { blocks } = statSync(join(target, 'holes'));
  assert.ok(blocks * 512 < 300_000, 'holes are holes');
});

test('a large file that only moved is not stored again, and one that changed is', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  writeFileSync(join(source, 'moves'), randomBytes(500_000));
  writeFileSync(join(source, 'changes'), randomBytes(350_000));
  const files = sourceOf(source);
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  renameSync(join(source, 'moves'), join(source, 'moved'));
  writeFileSync(join(source, 'changes'), randomBytes(250_000));
  const [next] = await takeBackups(files, 'incremental', { chain: [full.reader] });
  assert.ok(next);
  const stored = [...next.writer.objects.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(stored < 250_000 + 5 * 4096, `${stored}`);
  await restore([full.reader, next.reader], target);
  assertSameTree(target, source);
});

test(
  'each part can be untarred by itself, and all together are the file',
  needing('tar'),
  async () => {
    await using directory = await temporaryDirectory();
    const { source, target } = pair(directory.path);
    mkdirSync(target);
    writeFileSync(join(source, 'large'), randomBytes(1_050_000));
    const [full] = await takeBackups(sourceOf(source), 'full');
    assert.ok(full);
    for (const [name, bytes] of full.writer.objects) {
      writeFileSync(join(directory.path, name), bytes);
      execFileSync('tar', ['xpf', join(directory.path, name), '-C', target]);
    }
    const parts = readdirSync(target).sort();
    assert.equal(parts.length, 11);
    assert.equal(parts[0], 'large.holdfast-part-000001-of-000011');
    assert.deepEqual(
      Buffer.concat(parts.map((part) => readFileSync(join(target, part)))),
      readFileSync(join(source, 'large')),
    );
  },
);

test('a restore killed in the middle of a large file goes on with the part it was at', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  const parts = 12;
  writeFileSync(join(source, 'large'), Buffer.alloc(parts * killedSegmentBytes, 'large'));
  const program = join(import.meta.dirname, 'killed-restore.ts');
  const before = 8 * killedSegmentBytes;
  const killed = spawnSync(process.execPath, [program, source, target, String(before), 'reads']);
  assert.equal(killed.signal, 'SIGKILL', killed.stderr.toString());
  let read = 0;
  const reader = counting(await backUp(source), (bytes) => (read += bytes));
  const report = await restore([reader], target);
  assert.deepEqual(report.refused, []);
  assertSameTree(target, source);
  const left = (parts - 8) * killedSegmentBytes;
  assert.ok(read < left + 2 * killedSegmentBytes, `${read} read where ${left} were left`);
});

test('what was left of a large file is not trusted, but read again where it is damaged', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  writeFileSync(join(source, 'large'), Buffer.alloc(6 * killedSegmentBytes, 'large'));
  const program = join(import.meta.dirname, 'killed-restore.ts');
  spawnSync(process.execPath, [program, source, target, String(4 * killedSegmentBytes), 'reads']);
  const [work] = readdirSync(target);
  assert.ok(work);
  const left = readdirSync(join(target, work)).find((name) => name.startsWith('parts-'));
  assert.ok(left);
  writeFileSync(join(target, work, left), 'damage', { flag: 'r+' });
  assert.deepEqual((await restore([await backUp(source)], target)).refused, []);
  assertSameTree(target, source);
});
