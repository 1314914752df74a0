import assert from 'node:assert/strict';
import { closeSync, constants } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import {
  callsFor,
  pooledCalls,
  QuickCalls,
  type FileCalls,
} from '../../backup-agent/storage/local/file-calls.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Whether the call was answered before anything else could happen. */
async function isAtOnce(call: Promise<unknown>): Promise<boolean> {
  let answered = false;
  const ended = call.then(() => (answered = true));
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  const atOnce = answered;
  await ended;
  return atOnce;
}

const ways: Readonly<Record<string, () => FileCalls>> = {
  pooled: () => pooledCalls,
  quick: () => new QuickCalls(),
};

for (const [name, open] of Object.entries(ways)) {
  test(`${name} calls tell the same of a file, a folder, links and of nothing`, async () => {
    await using directory = await temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    await mkdir(at('folder'));
    await writeFile(at('folder/file'), 'content');
    await symlink('folder', at('link'));
    await symlink('loop', at('loop'));
    const calls = open();
    const folders = ['folder', 'folder/file', 'folder/file/below', 'link', 'loop/below', 'nothing'];
    const found = await Promise.all(folders.map((name) => calls.isFolder(at(name))));
    assert.deepEqual(found, [true, false, false, false, false, false]);
    assert.equal((await calls.lstat(at('folder/file'))).size, 7n);
    await assert.rejects(calls.lstat(at('nothing')), { code: 'ENOENT' });
    const descriptor = await calls.open(at('folder/file'), constants.O_RDONLY);
    const into = Buffer.alloc(9, '-');
    assert.equal(await calls.read(descriptor, into), 7);
    assert.equal(into.toString(), 'content--');
    closeSync(descriptor);
    await assert.rejects(calls.open(at('nothing'), constants.O_RDONLY), { code: 'ENOENT' });
  });
}

test('after a call that had to wait, the next ones wait in the thread pool', async () => {
  await using directory = await temporaryDirectory();
  const clock = { nowMs: 0, stepMs: 0 };
  const calls = new QuickCalls(() => (clock.nowMs += clock.stepMs));
  const ask = () => isAtOnce(calls.isFolder(directory.path));
  assert.equal(await ask(), true);
  clock.stepMs = 1;
  assert.equal(await ask(), true);
  clock.stepMs = 0;
  assert.equal(await ask(), false);
  for (let asked = 0; asked < 255; asked++) await calls.isFolder(directory.path);
  assert.equal(await ask(), true);
});

test('everything else gets its turn amid calls that are answered at once', async () => {
  await using directory = await temporaryDirectory();
  const calls = new QuickCalls(() => 0);
  let turns = 0;
  const stop = new AbortController();
  const others = (async () => {
    for (; !stop.signal.aborted; turns++) await setImmediate();
  })();
  for (let asked = 0; asked < 1000; asked++) await calls.isFolder(directory.path);
  stop.abort();
  await others;
  assert.ok(turns > 10, `${turns} turns`);
});

const onLinux = process.platform === 'linux' ? false : 'types of file systems are known on Linux';

test('what may not answer for minutes is never waited for', { skip: onLinux }, async () => {
  // A file system of the kernel's own stands for all that are neither on a disk nor in memory.
  assert.equal(await callsFor('/proc'), pooledCalls);
  assert.ok((await callsFor('/dev/shm')) instanceof QuickCalls);
  assert.equal(await callsFor('/nothing/here'), undefined);
});
