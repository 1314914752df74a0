import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { silentProgress } from '../../support/in-memory-backup.ts';
import { rounds } from '../../support/scale.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { backUp, counting, killedSegmentBytes } from './killed-restore.ts';
import { assertSameTree } from './tree.ts';

const signal = new AbortController().signal;
const program = join(import.meta.dirname, 'killed-restore.ts');
const files = 400;
const fileBytes = 10_000;

function fill(source: string): void {
  mkdirSync(source);
  for (let number = 0; number < files; number++) {
    mkdirSync(join(source, `d${number % 7}`), { recursive: true });
    const content = Buffer.alloc(fileBytes, `${number} `);
    writeFileSync(join(source, `d${number % 7}`, `f${number}`), content);
  }
}

test('a restore killed anywhere goes on, and repeats no more than the segments in the making', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const total = files * fileBytes;
  for (let round = 1; round <= rounds(2, 40); round++) {
    const target = join(directory.path, `target-${round}`);
    const killAfter = Math.floor((total * ((round * 37) % 100)) / 100);
    const killed = spawnSync(process.execPath, [program, source, target, String(killAfter)]);
    assert.equal(killed.signal, 'SIGKILL', killed.stderr.toString());
    let read = 0;
    const reader = counting(await backUp(source), (bytes) => (read += bytes));
    const report = await restoreFiles({
      chain: [reader],
      target,
      signal,
      progress: silentProgress,
    });
    assert.deepEqual(report.refused, []);
    assert.ok(report.resumed >= Math.floor(killAfter / fileBytes));
    // Headers take up to 1536 bytes for each file.
    const left = (total - killAfter) * (1 + 1536 / fileBytes);
    assert.ok(read <= left + 2 * killedSegmentBytes, `${read} bytes read where ${left} were left`);
    assertSameTree(target, source);
  }
});

test('an interrupted restore is not taken up for another backup, path or policy', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  fill(source);
  spawnSync(process.execPath, [program, source, target, '100000']);
  const chain = [await backUp(source)];
  const options = { chain, target, signal, progress: silentProgress };
  await assert.rejects(restoreFiles({ ...options, path: 'd1' }), { code: 'target-not-empty' });
  await restoreFiles(options);
  assertSameTree(target, source);
});

test('a file that changed between the kill and the second run is not taken for restored', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  fill(source);
  spawnSync(process.execPath, [program, source, target, '2000000']);
  appendFileSync(join(target, 'd0/f0'), 'a person wrote this');
  const report = await restoreFiles({
    chain: [await backUp(source)],
    target,
    signal,
    progress: silentProgress,
  });
  assert.deepEqual(report.refused, [
    { where: 'd0/f0', what: 'finds another entry under its name' },
  ]);
});

test('a dry run writes nothing and counts what a restore would do', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  fill(source);
  const chain = [await backUp(source)];
  const options = { chain, target, signal, progress: silentProgress };
  const dry = await restoreFiles({ ...options, dryRun: true });
  assert.deepEqual(readdirSync(directory.path), ['source']);
  assert.deepEqual(dry, await restoreFiles(options));
});

test('one path restores with the directories above it, by its segments alone', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  fill(source);
  let read = 0;
  const chain = [counting(await backUp(source), (bytes) => (read += bytes))];
  const path = 'd3/f3';
  await restoreFiles({ chain, target, path, signal, progress: silentProgress });
  assert.deepEqual(readdirSync(target), ['d3']);
  assert.deepEqual(readdirSync(join(target, 'd3')), ['f3']);
  assert.deepEqual(readFileSync(join(target, path)), readFileSync(join(source, path)));
  const apart = statSync(join(target, 'd3')).mtimeMs - statSync(join(source, 'd3')).mtimeMs;
  assert.ok(Math.abs(apart) < 0.001, 'the directories above have their times');
  assert.ok(read < 1.5 * killedSegmentBytes);
});

test('a path may be written as a person would, and one that is not there is an error', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const chain = [await backUp(source)];
  for (const [number, path] of ['/d3/f3', './d3/f3', 'd3/f3/'].entries()) {
    const target = join(directory.path, `target-${number}`);
    await restoreFiles({ chain, target, path, signal, progress: silentProgress });
    assert.deepEqual(readdirSync(join(target, 'd3')), ['f3']);
  }
  const target = join(directory.path, 'nowhere');
  const options = { chain, target, path: 'd3/f4', signal, progress: silentProgress };
  await assert.rejects(restoreFiles(options), { code: 'path-unknown' });
  assert.ok(!readdirSync(directory.path).includes('nowhere'), 'nothing is written');
});

test('what is put beside something has a name that is not too long', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  mkdirSync(source);
  const name = 'n'.repeat(255);
  writeFileSync(join(source, name), 'restored');
  const chain = [await backUp(source)];
  mkdirSync(target);
  writeFileSync(join(target, name), 'mine');
  const options = { chain, target, into: 'rename', signal, progress: silentProgress } as const;
  assert.deepEqual((await restoreFiles(options)).refused, []);
  assert.equal(readFileSync(join(target, name), 'utf8'), 'mine');
  const beside = readdirSync(target).find((other) => other !== name) ?? '';
  assert.equal(readFileSync(join(target, beside), 'utf8'), 'restored');
  assert.ok(beside.endsWith(`.restored-${chain[0]?.id}`));
});

test('into an existing directory: skip, rename and overwrite do what they say', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const chain = [await backUp(source)];
  const original = readFileSync(join(source, 'd1/f1'), 'utf8');
  const run = async (into: 'skip' | 'rename' | 'overwrite') => {
    const target = join(directory.path, into);
    mkdirSync(join(target, 'd1'), { recursive: true });
    writeFileSync(join(target, 'd1/f1'), 'mine');
    writeFileSync(join(target, 'mine'), 'mine');
    const report = await restoreFiles({ chain, target, into, signal, progress: silentProgress });
    assert.equal(readFileSync(join(target, 'mine'), 'utf8'), 'mine');
    return { report, read: (path: string) => readFileSync(join(target, path), 'utf8') };
  };
  const skip = await run('skip');
  assert.equal(skip.read('d1/f1'), 'mine');
  assert.equal(skip.report.skipped, 1);
  assert.equal((await run('overwrite')).read('d1/f1'), original);
  const rename = await run('rename');
  assert.equal(rename.read('d1/f1'), 'mine');
  assert.equal(rename.read(`d1/f1.restored-${chain[0]?.id}`), original);
  await assert.rejects(restoreFiles({ chain, target: source, signal, progress: silentProgress }), {
    code: 'target-not-empty',
  });
});

test('a dry run into a directory tells the same of a file in the place of a directory', async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = ['source', 'target'].map((name) => join(directory.path, name));
  assert.ok(source && target);
  mkdirSync(join(source, 'd'), { recursive: true });
  writeFileSync(join(source, 'd', 'inner'), 'inner');
  writeFileSync(join(source, 'outer'), 'outer');
  mkdirSync(target);
  writeFileSync(join(target, 'd'), 'no directory');
  const chain = [await backUp(source)];
  const options = {
    chain,
    target,
    into: 'skip',
    signal,
    progress: silentProgress,
  } as const;
  const dry = await restoreFiles({ ...options, dryRun: true });
  const real = await restoreFiles(options);
  assert.deepEqual(dry.refused, real.refused);
  assert.ok(dry.refused.some(({ where }) => where === 'd'));
});
