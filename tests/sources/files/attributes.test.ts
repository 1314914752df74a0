import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSystemCalls } from '../../../backup-agent/sources/files/attributes/system-calls.ts';
import { attributesLeftOut } from '../../../backup-agent/sources/files/attributes/left-out.ts';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import { InMemoryBackup, silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { needing } from '../../support/programs.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

const signal = new AbortController().signal;
const system = await loadSystemCalls();
const skip = system ? {} : { skip: 'there is no binding to the C library on this platform' };
const isRoot = process.getuid?.() === 0;

function set(path: string, name: string, value: string | Buffer): void {
  system?.setAttribute(Buffer.from(path), Buffer.from(name), Buffer.from(value));
}

/** user::rw-, user:<uid>:<permissions>, group::---, mask::rw-, other::---, as linux/posix_acl_xattr.h has it. */
function acl(uid: number, permissions: number): Buffer {
  const none = 0xffff_ffff;
  const entries = [
    [0x01, 6, none],
    [0x02, permissions, uid],
    [0x04, 0, none],
    [0x10, 6, none],
    [0x20, 0, none],
  ];
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2, 0);
  for (const [index, [tag = 0, bits = 0, id = 0]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * index);
    bytes.writeUInt16LE(bits, 6 + 8 * index);
    bytes.writeUInt32LE(id, 8 + 8 * index);
  }
  return bytes;
}

const hasAcls = process.platform === 'linux';

/** A tree with all that attributes are used for. */
function fill(source: string): void {
  mkdirSync(join(source, 'folder'), { recursive: true });
  writeFileSync(join(source, 'folder/file'), 'content');
  set(join(source, 'folder'), 'user.of a directory', 'x');
  set(join(source, 'folder/file'), 'user.mime_type', 'text/plain');
  set(join(source, 'folder/file'), 'user.a=b%c', Buffer.from([0, 10, 255]));
  set(join(source, 'folder/file'), 'user.empty', '');
  writeFileSync(join(source, 'large'), Buffer.alloc(3_000_000, 'large'));
  set(join(source, 'large'), 'user.long', Buffer.alloc(3000, 7));
  writeFileSync(join(source, 'nothing'), '');
  set(join(source, 'nothing'), 'user.on', 'an empty file');
  linkSync(join(source, 'nothing'), join(source, 'other name'));
  writeFileSync(join(source, 'shared'), 'for two people');
  symlinkSync('shared', join(source, 'link'));
  if (isRoot && hasAcls) set(join(source, 'link'), 'trusted.of.a.link', 'its own');
  if (!hasAcls) return;
  set(join(source, 'shared'), 'system.posix_acl_access', acl(4242, 6));
  set(join(source, 'folder'), 'system.posix_acl_default', acl(4243, 4));
}

async function restore(chain: readonly BackupReader[], target: string) {
  return await restoreFiles({ chain, target, signal, progress: silentProgress });
}

test('attributes and ACLs come back, as they were at each point', skip, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  assert.equal(await attributesLeftOut(source, true), undefined);
  const files = createFilesSource({ path: source });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  const [first, second] = ['first', 'second'].map((name) => join(directory.path, name));
  assert.ok(first && second);
  assert.deepEqual((await restore([full.reader], first)).notes, []);
  assertSameTree(first, source);
  set(join(source, 'folder/file'), 'user.mime_type', 'text/html');
  set(join(source, 'folder'), 'user.new', 'y');
  const [changed] = await takeBackups(files, 'incremental', { chain: [full.reader] });
  assert.ok(changed);
  await restore([full.reader, changed.reader], second);
  assertSameTree(second, source);
});

test(
  'segments untarred by tar alone have the attributes and ACLs',
  {
    ...skip,
    ...needing('tar'),
  },
  async () => {
    await using directory = await temporaryDirectory();
    const [source, target] = ['source', 'untarred'].map((name) => join(directory.path, name));
    assert.ok(source && target);
    fill(source);
    mkdirSync(target);
    const [full] = await takeBackups(createFilesSource({ path: source }), 'full');
    assert.ok(full);
    for (const [name, bytes] of full.writer.objects) {
      writeFileSync(join(directory.path, name), bytes);
      const options = ['--xattrs', '--xattrs-include=*', '--acls'];
      execFileSync('tar', ['xpf', join(directory.path, name), '-C', target, ...options]);
    }
    assertSameTree(target, source);
  },
);

test(
  "other programs see the restored attributes and ACLs as the source's",
  {
    ...skip,
    ...needing('getfattr', 'setfattr', 'getfacl', 'setfacl'),
  },
  async () => {
    await using directory = await temporaryDirectory();
    const [source, target] = ['source', 'restored'].map((name) => join(directory.path, name));
    assert.ok(source && target);
    mkdirSync(source);
    writeFileSync(join(source, 'file'), 'content');
    execFileSync('setfattr', ['-n', 'user.by', '-v', 'hand', join(source, 'file')]);
    execFileSync('setfacl', ['-m', 'u:4242:rw,g:4343:r', join(source, 'file')]);
    execFileSync('setfacl', ['-d', '-m', 'u:4242:rwx', source]);
    const [full] = await takeBackups(createFilesSource({ path: source }), 'full');
    assert.ok(full);
    await restore([full.reader], target);
    const seen = (cwd: string) => [
      execFileSync('getfattr', ['-R', '-d', '-m', '-', '.'], { cwd, encoding: 'utf8' }),
      execFileSync('getfacl', ['-R', '-n', '.'], { cwd, encoding: 'utf8' }),
    ];
    assert.match(seen(target).join(''), /user\.by="hand"[^]*user:4242:rw-/);
    assert.deepEqual(seen(target), seen(source));
  },
);

test(
  'without extendedAttributes none are kept, and the plan of an interrupted run is another',
  skip,
  async () => {
    await using directory = await temporaryDirectory();
    const [source, target] = ['source', 'restored'].map((name) => join(directory.path, name));
    assert.ok(source && target);
    mkdirSync(source);
    writeFileSync(join(source, 'file'), 'content');
    set(join(source, 'file'), 'user.a', '1');
    const files = createFilesSource({ path: source, extendedAttributes: false });
    const [full] = await takeBackups(files, 'full');
    assert.ok(full);
    await restore([full.reader], target);
    assert.equal(system?.listAttributes(Buffer.from(join(target, 'file'))).length, 0);
    assert.equal(await attributesLeftOut(source, false), 'extendedAttributes is false');
  },
);

const header = { format: 'holdfast-files-index/1', key: 'AAAA', index: 'whole' };
const root = { p: '', t: 'd', m: 0o755, u: process.getuid?.(), g: process.getgid?.() };
const empty = { t: 'f', m: 0o660, u: root.u, g: root.g, s: 0, d: '', e: [] };

async function backupOf(...lines: readonly object[]): Promise<BackupReader> {
  const written = new InMemoryBackup('20261122T210500Z-00000f');
  const text = [header, root, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  await written.writeMeta('index', [Buffer.from(text)]);
  const point = { time: '2026-11-22T21:05:00.000Z' };
  return written.reader({ kind: 'full', point, source: { indexParent: null, entries: 1 } });
}

const attribute = (name: unknown, value: Buffer) => [name, value.toString('base64')];
/** HMAC-SHA-256 of nothing under the header's key. */
const digestOfNothing = async () => {
  const { ContentKey } = await import('../../../backup-agent/sources/files/content-key.ts');
  return ContentKey.fromBase64(header.key).ofNothing;
};

test('what the target does not take is told once, and the files are restored', skip, async () => {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, 'restored');
  const d = await digestOfNothing();
  const a = [attribute('nowhere.at.all', Buffer.from('x'))];
  const report = await restore(
    [await backupOf({ ...empty, p: 'a', d, a }, { ...empty, p: 'b', d, a })],
    target,
  );
  assert.deepEqual(report.refused, []);
  assert.equal(report.notes.length, 1);
  assert.match(report.notes[0] ?? '', /nowhere\.at\.all.*ENOTSUP \(2 entries, the first a\)/);
  assert.ok(lstatSync(join(target, 'b')).isFile());
});

test('an ACL that cannot be set does not widen the rights of the owning group', skip, async () => {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, 'restored');
  // No system takes an ACL with permissions beyond read, write and execute.
  const a = [attribute('system.posix_acl_access', acl(4242, 0xff))];
  const d = await digestOfNothing();
  const report = await restore([await backupOf({ ...empty, p: 'a', d, a })], target);
  assert.equal(report.notes.length, 1);
  assert.equal(statSync(join(target, 'a')).mode & 0o777, 0o600);
});

test('attributes that no system could have are refused with their entry', skip, async () => {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, 'restored');
  const d = await digestOfNothing();
  const hostile = [
    attribute('user.a\0b', Buffer.from('x')),
    attribute('', Buffer.from('x')),
    attribute(`user.${'n'.repeat(300)}`, Buffer.from('x')),
    attribute({ b: Buffer.from('user.\xff', 'latin1').toString('base64') }, Buffer.alloc(65_537)),
  ];
  const lines = hostile.map((one, number) => ({ ...empty, p: `f${number}`, d, a: [one] }));
  const many = Array.from({ length: 5 }, (_, n) => attribute(`user.${n}`, Buffer.alloc(60_000)));
  const report = await restore(
    [await backupOf(...lines, { ...empty, p: 'g', d, a: many }, { ...empty, p: 'z', d })],
    target,
  );
  assert.deepEqual(
    report.refused.map(({ where }) => where),
    ['f0', 'f1', 'f2', 'f3', 'g'],
  );
  assert.ok(lstatSync(join(target, 'z')).isFile());
});
