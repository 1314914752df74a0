import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openLocalStorage } from '../../backup-agent/storage/local.ts';
import { bytes, keysOf, textOf } from '../conformance/storage-content.ts';
import { rounds } from '../support/scale.ts';
import { localSubject } from './subjects.ts';

const writer = join(import.meta.dirname, 'local-writer.ts');

suite('local storage against a hostile or dying surrounding', () => {
  test('a linked file or folder is no object, and nothing is written through it', async () => {
    await using outside = await localSubject();
    await using subject = await localSubject();
    const { storage, path } = subject;
    await writeFile(join(outside.path, 'secret'), 'secret');
    await storage.put('a/real', bytes('x'));
    await symlink(join(outside.path, 'secret'), join(path, 'a/link'));
    await symlink(outside.path, join(path, 'folder'));
    for (const key of ['a/link', 'folder/secret']) {
      assert.equal(await storage.stat(key), undefined);
      await assert.rejects(storage.get(key), { code: 'storage-object-missing' });
      await storage.remove(key);
    }
    await assert.rejects(storage.put('folder/new', bytes('x')), { code: 'storage-key-invalid' });
    await assert.rejects(storage.put('folder/sub/new', bytes('x')), {
      code: 'storage-key-invalid',
    });
    assert.deepEqual(await keysOf(storage, ''), ['a/real']);
    assert.deepEqual(await keysOf(storage, 'folder/'), []);
    assert.deepEqual(await readdir(outside.path), ['secret']);
  });

  test('a link in an object’s place is replaced, not followed', async () => {
    await using outside = await localSubject();
    await using subject = await localSubject();
    const { storage, path } = subject;
    const target = join(outside.path, 'precious');
    await writeFile(target, 'precious');
    await symlink(target, join(path, 'a'));
    await assert.rejects(storage.put('a', bytes('x'), { ifAbsent: true }), {
      code: 'storage-object-exists',
    });
    await storage.put('a', bytes('own'));
    assert.equal(await textOf(storage, 'a'), 'own');
    assert.equal(await readFile(target, 'utf8'), 'precious');
  });

  test('the root itself may be a link', async () => {
    await using subject = await localSubject();
    await mkdir(join(subject.path, 'real'));
    await symlink(join(subject.path, 'real'), join(subject.path, 'root'));
    const storage = openLocalStorage(join(subject.path, 'root'));
    await storage.put('a/b', bytes('x'));
    assert.deepEqual(await keysOf(storage, ''), ['a/b']);
  });

  test('nothing is created by looking: a missing root is an empty storage', async () => {
    await using subject = await localSubject();
    const root = join(subject.path, 'not/yet');
    const storage = openLocalStorage(root);
    assert.deepEqual(await keysOf(storage, ''), []);
    assert.equal(await storage.stat('a'), undefined);
    await storage.remove('a');
    assert.equal(await storage.removeUnfinished(new Date()), 0);
    await assert.rejects(stat(root), { code: 'ENOENT' });
  });

  test('files are readable by their owner alone', async () => {
    await using subject = await localSubject();
    const root = join(subject.path, 'new');
    await openLocalStorage(root).put('a/b', bytes('x'));
    const mode = async (path: string): Promise<number> =>
      (await stat(join(root, path))).mode & 0o777;
    assert.equal(await mode('.'), 0o700);
    assert.equal(await mode('a'), 0o700);
    assert.equal(await mode('a/b'), 0o600);
  });

  test('an object and a folder cannot share a name', async () => {
    await using subject = await localSubject();
    const { storage } = subject;
    await storage.put('a/b', bytes('x'));
    const clash = { code: 'storage-key-invalid' };
    for (const options of [{}, { ifAbsent: true }]) {
      await assert.rejects(storage.put('a', bytes('x'), options), clash);
      await assert.rejects(storage.put('a/b/c', bytes('x'), options), clash);
    }
    assert.deepEqual(await keysOf(storage, ''), ['a/b']);
  });

  test('a removed object takes the folders with it that it leaves empty, while others write', async () => {
    await using subject = await localSubject();
    const { storage, path } = subject;
    await storage.put('keep', bytes('x'));
    for (let round = 0; round < rounds(20, 300); round += 1)
      await Promise.all([
        storage.put('deep/er/one', bytes('x')).then(() => storage.remove('deep/er/one')),
        storage.put('deep/er/two', bytes('x')).then(() => storage.remove('deep/er/two')),
      ]);
    assert.deepEqual((await readdir(path)).toSorted(), ['.holdfast-unfinished', 'keep']);
  });

  test('no right to write is storage-denied', async () => {
    await using subject = await localSubject();
    await chmod(subject.path, 0o500);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const child = spawn(process.execPath, [writer, 'once', subject.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...nobody,
    });
    assert.equal((await Array.fromAsync(child.stdout)).join(''), 'storage-denied\n');
    await chmod(subject.path, 0o700);
  });

  test('a file system without room is storage-full, and nothing is left', async () => {
    await using subject = await localSubject();
    const limited = `ulimit -f 64; exec "$0" "$@"`;
    const args = ['-c', limited, process.execPath, writer, 'once', subject.path];
    const child = spawn('bash', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.equal((await Array.fromAsync(child.stdout)).join(''), 'storage-full\n');
    assert.deepEqual(await readdir(subject.path), ['.holdfast-unfinished']);
    assert.deepEqual(await readdir(join(subject.path, '.holdfast-unfinished')), []);
  });

  test('names that are not UTF-8 and special files are passed over', async () => {
    await using subject = await localSubject();
    const { storage, path } = subject;
    await writeFile(Buffer.concat([Buffer.from(`${path}/bad-`), Buffer.from([0xff, 0xfe])]), 'x');
    await storage.put('good', bytes('x'));
    assert.deepEqual(await keysOf(storage, ''), ['good']);
  });

  test('a claim that a killed writer left is taken over once it is old', async () => {
    await using subject = await localSubject();
    const { storage, path } = subject;
    const { etag } = await storage.put('lease', bytes('free'));
    const claimed = `${join(path, 'lease')}\0${etag}`;
    const claim = `${createHash('sha256').update(claimed).digest('hex')}.claim`;
    await writeFile(join(path, '.holdfast-unfinished', claim), 'of a killed writer');
    const young = storage.put('lease', bytes('too early'), { ifMatch: etag });
    await assert.rejects(young, { code: 'storage-changed' });
    const later = openLocalStorage(path, { claimLifetimeMs: 0 });
    await later.put('lease', bytes('taken over'), { ifMatch: etag });
    assert.equal(await textOf(storage, 'lease'), 'taken over');
    assert.deepEqual(await readdir(join(path, '.holdfast-unfinished')), []);
  });

  test('unfinished files are removed once they are old, younger ones stay', async () => {
    await using subject = await localSubject();
    const { storage, path } = subject;
    await storage.put('a', bytes('x'));
    const left = join(path, '.holdfast-unfinished', 'left.part');
    await writeFile(left, 'half');
    assert.equal(await storage.removeUnfinished(new Date(Date.now() - 60_000)), 0);
    await utimes(left, 0, 0);
    assert.equal(await storage.removeUnfinished(new Date(Date.now() + 60_000)), 1);
    assert.deepEqual(await keysOf(storage, ''), ['a']);
  });

  test('of creators in several processes exactly one wins each key', async () => {
    await using subject = await localSubject();
    const count = rounds(30, 300);
    const outputs = await Promise.all(
      ['one', 'two', 'three'].map((name) => runWriter(['race', subject.path, name, `${count}`])),
    );
    const wins = outputs.flatMap((output, index) =>
      output
        .split('\n')
        .filter(Boolean)
        .map((key) => [key, ['one', 'two', 'three'][index]] as const),
    );
    assert.equal(wins.length, count);
    for (const [key, name] of wins) assert.equal(await textOf(subject.storage, key), name);
  });

  test('a writer killed at any moment leaves whole objects or none', async () => {
    await using subject = await localSubject();
    const { storage, path } = subject;
    for (let round = 0; round < rounds(5, 100); round += 1) {
      const child = spawn(process.execPath, [writer, 'stream', path, `round-${round}`]);
      const killAfter = 1 + ((round * 7) % 23);
      let lines = 0;
      for await (const chunk of child.stdout) {
        lines += String(chunk).split('\n').length - 1;
        if (lines >= killAfter) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    let found = 0;
    for await (const { key, sizeBytes } of storage.list('')) {
      found += 1;
      assert.equal(sizeBytes, 300_000, key);
    }
    assert.ok(found > 0);
    await storage.removeUnfinished(new Date(Date.now() + 60_000));
    assert.deepEqual(await readdir(join(path, '.holdfast-unfinished')), []);
  });
});

async function runWriter(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [writer, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = (await Array.fromAsync(child.stdout)).join('');
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  return output;
}
