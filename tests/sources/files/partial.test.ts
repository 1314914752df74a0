import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import {
  createFilesSource,
  type FilesSourceOptions,
} from '../../../backup-agent/sources/files/source.ts';
import type { BackupReader, Progress } from '../../../backup-agent/sources/source.ts';
import type { BackupKind } from '../../../contracts/manifest.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { describeTree } from './tree.ts';

const signal = new AbortController().signal;
const large = 3 * 1024 * 1024;

async function setUp() {
  const directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  mkdirSync(source);
  return {
    source,
    target: join(directory.path, 'restored'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function take(
  path: string,
  kind: BackupKind,
  chain: BackupReader[] = [],
  options: Partial<FilesSourceOptions> & { progress?: Progress } = {},
) {
  const source = createFilesSource({ path, ...options });
  const { progress = silentProgress } = options;
  const [taken] = await takeBackups(source, kind, { chain, progress });
  assert.ok(taken);
  return taken;
}

async function restore(chain: BackupReader[], target: string) {
  return await restoreFiles({ chain, target, signal, progress: silentProgress });
}

test('a file that grows at each read is stored as last read, marked, and a problem', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'busy'), Buffer.alloc(large, 1));
  writeFileSync(join(place.source, 'calm'), 'calm');
  const growing: Progress = {
    ...silentProgress,
    advance: () => appendFileSync(join(place.source, 'busy'), 'more'),
  };
  const taken = await take(place.source, 'full', [], { progress: growing });
  assert.deepEqual(
    taken.problems.map(({ where }) => where),
    ['busy'],
  );
  assert.match(taken.problems[0]?.what ?? '', /changed or failed while it was read/);
  const report = await restore([taken.reader], place.target);
  assert.deepEqual(report.refused, []);
  assert.ok(statSync(join(place.target, 'busy')).size >= large);
  const next = await take(place.source, 'incremental', [taken.reader]);
  assert.deepEqual(next.problems, []);
  await restore([taken.reader, next.reader], `${place.target}-2`);
  assert.deepEqual(
    readFileSync(join(`${place.target}-2`, 'busy')),
    readFileSync(join(place.source, 'busy')),
  );
});

test('a file that changes once while it is read is read again, and no problem', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'busy'), Buffer.alloc(large, 1));
  let left = 1;
  const once: Progress = {
    ...silentProgress,
    advance: () => {
      if (left-- > 0) writeFileSync(join(place.source, 'busy'), Buffer.alloc(large, 2));
    },
  };
  const taken = await take(place.source, 'full', [], { progress: once });
  assert.deepEqual(taken.problems, []);
  await restore([taken.reader], place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
});

test('a file that shrinks while it is read leaves an archive that tar reads', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'busy'), Buffer.alloc(large, 1));
  writeFileSync(join(place.source, 'calm'), 'calm');
  let size = large;
  const shrinking: Progress = {
    ...silentProgress,
    advance: () => {
      size = Math.floor(size / 3);
      writeFileSync(join(place.source, 'busy'), Buffer.alloc(size, 3));
    },
  };
  const taken = await take(place.source, 'full', [], { progress: shrinking });
  assert.deepEqual(
    taken.problems.map(({ where }) => where),
    ['busy'],
  );
  mkdirSync(place.target);
  for (const input of taken.writer.objects.values())
    execFileSync('tar', ['x', '-C', place.target], { input });
  assert.equal(readFileSync(join(place.target, 'calm'), 'utf8'), 'calm');
});

test('a file that vanishes after the walk saw it is a problem, and the rest is stored', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'a'), 'a');
  writeFileSync(join(place.source, 'b'), 'b');
  const vanish: Progress = {
    ...silentProgress,
    // Told once the first file's content was read.
    advance: (_, also) => {
      if (also?.bytes) rmSync(join(place.source, 'b'));
    },
  };
  const taken = await take(place.source, 'full', [], { progress: vanish });
  assert.deepEqual(taken.problems, [{ where: 'b', what: 'vanished before it was read' }]);
  await restore([taken.reader], place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
});

test('sockets and pipes are reported and left out', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'file'), 'file');
  execFileSync('mkfifo', [join(place.source, 'pipe')]);
  await using server = createServer().listen(join(place.source, 'socket'));
  await once(server, 'listening');
  const notes: string[] = [];
  const progress = { ...silentProgress, note: (text: string) => void notes.push(text) };
  const taken = await take(place.source, 'full', [], { progress });
  assert.deepEqual(taken.problems, []);
  assert.deepEqual(taken.source['leftOut'], { excluded: 0, otherFileSystems: 0, special: 2 });
  assert.deepEqual(notes, ['left out: pipe, a named pipe', 'left out: socket, a socket']);
  assert.equal(taken.items, 1);
});

test('a source that is missing or no directory fails', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'file'), 'file');
  const missing = take(join(place.source, 'missing'), 'full');
  await assert.rejects(missing, { code: 'source-missing' });
  const file = take(join(place.source, 'file'), 'full');
  await assert.rejects(file, { code: 'source-missing' });
});

for (const mode of [0o300, 0o400])
  test(`a source whose own rights are ${mode.toString(8)} fails, and is no empty tree`, async () => {
    await using place = await setUp();
    writeFileSync(join(place.source, 'file'), 'content');
    chmodSync(place.source, mode);
    chmodSync(dirname(place.source), 0o755);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      chownSync(place.source, 65_534, 65_534);
      process.seteuid?.(65_534);
    }
    try {
      const taken = takeBackups(createFilesSource({ path: place.source }), 'full');
      await assert.rejects(taken, { code: 'source-missing', message: /permission denied/ });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(place.source, 0o700);
    }
  });

test('a source that is suddenly empty fails, for a full too', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'file'), 'file');
  const full = await take(place.source, 'full');
  rmSync(join(place.source, 'file'));
  for (const kind of ['full', 'incremental', 'differential'] as const)
    await assert.rejects(take(place.source, kind, [full.reader]), { code: 'source-emptied' });
  const allowed = await take(place.source, 'incremental', [full.reader], { allowEmpty: true });
  assert.equal(allowed.items, 0);
});

test('a first backup of an empty directory is one', async () => {
  await using place = await setUp();
  const full = await take(place.source, 'full');
  await restore([full.reader], place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
});

test('what is excluded is left out, with all that lies in it, and ! takes it back', async () => {
  await using place = await setUp();
  for (const folder of ['cache', 'kept/cache', 'kept'])
    mkdirSync(join(place.source, folder), { recursive: true });
  for (const file of ['cache/x', 'kept/cache/x', 'kept/a.tmp', 'kept/b.tmp', 'kept/c'])
    writeFileSync(join(place.source, file), file);
  const exclude = ['/cache/', '*.tmp', '!b.tmp'];
  const full = await take(place.source, 'full', [], { exclude });
  assert.deepEqual(full.source['leftOut'], { excluded: 2, otherFileSystems: 0 });
  await restore([full.reader], place.target);
  const paths = describeTree(place.target).lines.map((line) => line.split(' ')[0]);
  assert.deepEqual(paths, [
    '.',
    './kept',
    './kept/b.tmp',
    './kept/c',
    './kept/cache',
    './kept/cache/x',
  ]);
  const only = await take(place.source, 'full', [], { include: ['*.tmp'] });
  assert.equal(only.items, 5);
});

test('another file system is left out, its directory kept, and both told', async (context) => {
  const mount = '/dev/shm';
  const isMount = existsSync(mount) && lstatSync(mount).dev !== lstatSync('/dev').dev;
  if (!isMount) return context.skip('nothing is mounted below /dev');
  const notes: string[] = [];
  const progress = { ...silentProgress, note: (text: string) => void notes.push(text) };
  const taken = await take('/dev', 'full', [], { progress, include: ['/shm/'] });
  const { otherFileSystems = 0 } = taken.source['leftOut'] as { otherFileSystems?: number };
  assert.ok(otherFileSystems > 0);
  assert.ok(notes.includes('left out: what lies in shm, another file system'), notes.join());
});

test('with content verified, a change that size and times hide is found', async () => {
  await using place = await setUp();
  writeFileSync(join(place.source, 'file'), 'before');
  const full = await take(place.source, 'full');
  // An index that believes the present state to be the one it stored.
  const stats = statSync(join(place.source, 'file'), { bigint: true });
  const index = full.writer.meta.get('index')?.toString() ?? '';
  writeFileSync(join(place.source, 'file'), 'after!');
  utimesSync(join(place.source, 'file'), 1e9, 1e9);
  const now = statSync(join(place.source, 'file'), { bigint: true });
  const forged = index
    .replace(`"ct":"${stats.ctimeNs}","i":"${stats.ino}`, `"ct":"${now.ctimeNs}","i":"${now.ino}`)
    .replace(
      `"mt":"${stats.mtimeNs}","ct":"${now.ctimeNs}`,
      `"mt":"${now.mtimeNs}","ct":"${now.ctimeNs}`,
    );
  full.writer.meta.set('index', Buffer.from(forged));
  const trusting = await take(place.source, 'incremental', [full.reader]);
  assert.equal(trusting.writer.objects.size, 0);
  const verifying = await take(place.source, 'incremental', [full.reader], { verifyContent: true });
  assert.equal(verifying.writer.objects.size, 1);
  await restore([full.reader, verifying.reader], place.target);
  assert.equal(readFileSync(join(place.target, 'file'), 'utf8'), 'after!');
});

test('a directory that became a file, and the reverse, restore as they are', async () => {
  await using place = await setUp();
  mkdirSync(join(place.source, 'one'));
  writeFileSync(join(place.source, 'one/inside'), 'inside');
  writeFileSync(join(place.source, 'two'), 'two');
  const full = await take(place.source, 'full');
  renameSync(join(place.source, 'one'), join(place.source, 'three'));
  renameSync(join(place.source, 'two'), join(place.source, 'one'));
  renameSync(join(place.source, 'three'), join(place.source, 'two'));
  const next = await take(place.source, 'incremental', [full.reader]);
  assert.equal(next.writer.objects.size, 1, 'headers of directories only');
  await restore([full.reader, next.reader], place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
});

test('sparse files keep their holes', async () => {
  await using place = await setUp();
  execFileSync('truncate', ['-s', '20M', join(place.source, 'holes')]);
  appendFileSync(join(place.source, 'holes'), 'end');
  const full = await take(place.source, 'full');
  await restore([full.reader], place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
  assert.ok(statSync(join(place.target, 'holes')).blocks < 100);
});

test('more incrementals than indexes may build on each other restore', async () => {
  await using place = await setUp();
  const chain = [];
  writeFileSync(join(place.source, 'constant'), 'constant');
  for (let number = 0; number < 36; number++) {
    rmSync(join(place.source, `n${number - 2}`), { force: true });
    writeFileSync(join(place.source, `n${number}`), `content ${number}`);
    const taken = await take(place.source, number === 0 ? 'full' : 'incremental', chain);
    chain.push(taken.reader);
  }
  const whole = chain.filter(({ source }) => JSON.stringify(source).includes('"indexParent":null'));
  assert.equal(whole.length, 3);
  await restore(chain, place.target);
  assert.deepEqual(describeTree(place.target).lines, describeTree(place.source).lines);
});
