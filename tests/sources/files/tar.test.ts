import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { tarHeader } from '../../../backup-agent/sources/files/tar-header.ts';
import { takeBackups } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

function pair(directory: string) {
  const [source, target] = [join(directory, 'source'), join(directory, 'untarred')];
  mkdirSync(source);
  mkdirSync(target);
  return { source, target };
}

test('the segments of a full, untarred by tar alone, are the tree', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  const deep = join(source, ...Array.from({ length: 5 }, (_, i) => `${i}`.repeat(100)));
  mkdirSync(deep, { recursive: true });
  mkdirSync(join(source, 'empty'));
  writeFileSync(join(deep, 'x'.repeat(255)), 'a path of more than 256 bytes');
  writeFileSync(Buffer.concat([Buffer.from(source), Buffer.from('/\xff\xfe', 'latin1')]), 'raw');
  writeFileSync(
    Buffer.concat([Buffer.from(source), Buffer.from('/'), Buffer.alloc(200, 0xe9)]),
    'raw and long',
  );
  writeFileSync(join(source, 'line\nbreak 💾'), 'text');
  writeFileSync(join(source, 'block'), Buffer.alloc(512, 1));
  writeFileSync(join(source, 'nothing'), '');
  writeFileSync(join(source, 'first'), 'two names');
  linkSync(join(source, 'first'), join(source, 'second'));
  symlinkSync('y'.repeat(300), join(source, 'link'));
  chmodSync(join(source, 'block'), 0o4755);
  utimesSync(join(source, 'block'), 0, 2 ** 33 + 0.25);
  utimesSync(join(source, 'nothing'), 0, -1.5);
  const [full] = await takeBackups(createFilesSource({ path: source }), 'full');
  assert.ok(full);
  for (const [name, bytes] of full.writer.objects) {
    writeFileSync(join(directory.path, name), bytes);
    const output = execFileSync('tar', ['xpf', join(directory.path, name), '-C', target], {
      stdio: 'pipe',
      encoding: 'utf8',
    });
    assert.equal(output, '');
  }
  assertSameTree(target, source);
});

test('each segment can be untarred without the others', async () => {
  await using directory = await temporaryDirectory();
  const { source } = pair(directory.path);
  for (let number = 0; number < 20; number++) {
    mkdirSync(join(source, `folder-${number}`));
    writeFileSync(join(source, `folder-${number}`, 'file'), Buffer.alloc(9000, number));
    linkSync(join(source, 'folder-0/file'), join(source, `folder-${number}`, 'link'));
  }
  const files = createFilesSource({ path: source, segmentBytes: 30_000, lanes: 3 });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  assert.ok(full.writer.objects.size > 5);
  for (const [name, bytes] of full.writer.objects) {
    assert.ok(bytes.length < 60_000);
    const alone = join(directory.path, `alone-${name}`);
    mkdirSync(alone);
    execFileSync('tar', ['x', '-C', alone], { input: bytes, stdio: ['pipe', 'ignore', 'pipe'] });
  }
});

test('a segment has no link to a file that only moved, and is not in it', async () => {
  await using directory = await temporaryDirectory();
  const { source, target } = pair(directory.path);
  writeFileSync(join(source, 'before'), 'content');
  const files = createFilesSource({ path: source });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  renameSync(join(source, 'before'), join(source, 'after'));
  linkSync(join(source, 'after'), join(source, 'again'));
  const [next] = await takeBackups(files, 'incremental', { chain: [full.reader] });
  assert.ok(next);
  for (const input of next.writer.objects.values())
    execFileSync('tar', ['x', '-C', target], { input, stdio: 'pipe' });
  assert.deepEqual(readdirSync(target), []);
});

test('what does not fit the fields of ustar stands in pax records', () => {
  const header = tarHeader({
    path: Buffer.from('big'),
    type: 'file',
    mode: 0o600,
    uid: 3_000_000,
    gid: 4_000_000,
    sizeBytes: 2 ** 40,
    mtimeNs: 1_700_000_000_123_456_789n,
  });
  // The content is missing, which tar says with its exit code after the line.
  const { stdout } = spawnSync('tar', ['tvf', '-', '--numeric-owner', '--full-time'], {
    input: Buffer.concat([header, Buffer.alloc(512)]),
    encoding: 'utf8',
    env: { TZ: 'UTC', PATH: '/usr/bin:/bin' },
  });
  assert.match(stdout, /3000000\/4000000\s+1099511627776 2023-11-14 22:13:20.123456789 big/);
});
