import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { restoreInWorker } from '../../../backup-agent/sources/files/worker/run-in-worker.ts';
import type { BackupReader, Progress } from '../../../backup-agent/sources/source.ts';
import { runBackup } from '../../../backup-agent/operations/backup.ts';
import { makeAttachments, openAttachments } from '../../operations/support/attachments.ts';
import { withPoints } from '../../operations/support/points.ts';
import { run } from '../../operations/support/scenario.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { rounds } from '../../support/scale.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

const signal = new AbortController().signal;
const options = { signal, progress: silentProgress };

function fill(source: string): void {
  for (let number = 0; number < 300; number++) {
    mkdirSync(join(source, `d${number % 7}`), { recursive: true });
    const name = join(source, `d${number % 7}`, `f${number}`);
    if (number % 10 === 9) linkSync(join(source, `d${(number - 1) % 7}`, `f${number - 1}`), name);
    else writeFileSync(name, Buffer.alloc((number * 7919) % 40_000, `${number} `));
  }
  writeFileSync(join(source, 'large'), Buffer.alloc(5_000_000, 'large'));
}

test('in a thread of its own a backup is the same, byte for byte', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const common = {
    path: source,
    segmentBytes: 1_500_000,
    randomBytes: (count: number) => Buffer.alloc(count, 1),
  };
  const [here] = await takeBackups(createFilesSource(common), 'full');
  const [there] = await takeBackups(createFilesSource({ ...common, inWorker: true }), 'full');
  assert.ok(here && there);
  assert.deepEqual(there.writer.objects, here.writer.objects);
  assert.deepEqual(there.writer.meta, here.writer.meta);
  assert.deepEqual(there.source, here.source);
});

test('a full and its incremental, taken and restored in threads of their own, are the tree', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const files = createFilesSource({ path: source, inWorker: true, segmentBytes: 1_500_000 });
  const chain: BackupReader[] = [];
  for (const kind of ['full', 'incremental'] as const) {
    const [taken] = await takeBackups(files, kind, { chain });
    assert.ok(taken);
    chain.push(taken.reader);
    writeFileSync(join(source, 'd1/f1'), 'changed');
    rmSync(join(source, 'd2'), { recursive: true });
    mkdirSync(join(source, 'd2'));
  }
  rmSync(join(source, 'd1/f1'));
  const whole = join(directory.path, 'restored');
  let bytes = 0;
  const progress: Progress = { ...silentProgress, advance: (count) => (bytes += count) };
  const report = await restoreInWorker('restore', { ...options, chain, target: whole, progress });
  assert.deepEqual(report.refused, []);
  assert.equal(bytes, report.bytes);
  rmSync(join(whole, 'd1/f1'));
  for (const tree of [source, whole])
    for (const name of ['d1', 'd2', '']) utimesSync(join(tree, name), 1, 1);
  assertSameTree(whole, source);
});

test('an error is the same error as without a thread', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const files = createFilesSource({ path: source, inWorker: true });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  const target = join(directory.path, 'restored');

  const damaged = new HoldfastError('object-damaged', 'the storage says no', { hint: 'repair it' });
  const broken = { ...full.reader, readObject: () => Promise.reject(damaged) };
  const restored = restoreInWorker('restore', { ...options, chain: [broken], target });
  assert.equal(await restored.catch((error: unknown) => error), damaged);

  await assert.rejects(
    restoreInWorker('restore', { ...options, chain: [full.reader], target: source }),
    (error) => error instanceof HoldfastError && error.code === 'target-not-empty',
  );
  rmSync(source, { recursive: true });
  mkdirSync(source);
  await assert.rejects(takeBackups(files, 'incremental', { chain: [full.reader] }), {
    code: 'source-emptied',
  });
});

test('of several segments two threads restore, and either tells the very error that it met', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const files = createFilesSource({ path: source, segmentBytes: 300_000 });
  const [full] = await takeBackups(files, 'full');
  assert.ok(full);
  const { objectNames } = full.reader;
  assert.ok(objectNames.length > 10);
  const target = join(directory.path, 'restored');
  const report = await restoreInWorker('restore', { ...options, chain: [full.reader], target });
  assert.deepEqual(report.refused, []);
  assertSameTree(target, source);

  for (const name of objectNames.slice(0, 2)) {
    const damaged = new HoldfastError('object-damaged', `${name} is damaged`);
    const broken: BackupReader = {
      ...full.reader,
      readObject: async (asked, stop) => {
        if (asked === name) throw damaged;
        return await full.reader.readObject(asked, stop);
      },
    };
    const partial = join(directory.path, `without ${name}`);
    const restored = restoreInWorker('restore', { ...options, chain: [broken], target: partial });
    assert.equal(await restored.catch((error: unknown) => error), damaged);
  }
});

test('a name that somebody took meanwhile is refused by either thread, and nothing is lost', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  for (const name of ['a', 'b']) {
    mkdirSync(join(source, name), { recursive: true });
    writeFileSync(join(source, name, 'file'), Buffer.alloc(400_000, name));
  }
  const [full] = await takeBackups(
    createFilesSource({ path: source, segmentBytes: 300_000 }),
    'full',
  );
  assert.ok(full);
  const target = join(directory.path, 'restored');
  // Both directories are there when the first segment is asked for.
  const meddled: BackupReader = {
    ...full.reader,
    readObject: async (name, stop) => {
      for (const folder of ['a', 'b'])
        writeFileSync(join(target, folder, 'file'), 'of somebody else');
      return await full.reader.readObject(name, stop);
    },
  };
  const report = await restoreInWorker('restore', { ...options, chain: [meddled], target });
  assert.deepEqual(
    report.refused.toSorted((left, right) => (left.where < right.where ? -1 : 1)),
    ['a', 'b'].map((folder) => ({
      where: `${folder}/file`,
      what: 'finds another entry under its name',
    })),
  );
  for (const folder of ['a', 'b'])
    assert.equal(readFileSync(join(target, folder, 'file'), 'utf8'), 'of somebody else');
});

test('an abort ends the thread with its reason', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const stop = new AbortController();
  const reason = new Error('stopped by a person');
  const taken = takeBackups(createFilesSource({ path: source, inWorker: true }), 'full', {
    signal: stop.signal,
    progress: { ...silentProgress, step: () => stop.abort(reason) },
  });
  assert.equal(await taken.catch((error: unknown) => error), reason);
});

test('threads may be stopped at any moment, while they load native code too', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'source');
  fill(source);
  const [full] = await takeBackups(
    createFilesSource({ path: source, segmentBytes: 300_000 }),
    'full',
  );
  assert.ok(full);
  const failure = new Error('the storage says no');
  for (let moment = 0; moment < rounds(6, 300); moment++) {
    // Asked for the first segment, the one thread fails while the other gets ready for the second.
    const reader: BackupReader = {
      ...full.reader,
      readObject: async () => {
        await delay((moment * 3) % 20);
        throw failure;
      },
    };
    const target = join(directory.path, `restored-${moment}`);
    const restored = restoreInWorker('restore', { ...options, chain: [reader], target });
    assert.equal(await restored.catch((error: unknown) => error), failure);
  }
});

test('a backup that was interrupted goes on in a thread too', async () => {
  await using directory = await temporaryDirectory();
  await makeAttachments(directory.path);
  const path = join(directory.path, 'source');
  fill(path);
  const source = createFilesSource({ path, inWorker: true, segmentBytes: 300_000 });
  let left = 6;
  const failure = new Error('interrupted');
  const interrupted = await openAttachments(directory.path, {
    source,
    wrap: (storage) =>
      withPoints(storage, (name) => {
        if (name === 'after put objects' && left-- <= 0) throw failure;
      }),
  });
  const first = runBackup(interrupted, { job: 'crm', kind: 'full' }, run);
  assert.equal(await first.catch((error: unknown) => error), failure);
  const notes: string[] = [];
  const agent = await openAttachments(directory.path, { source });
  const progress = { ...silentProgress, note: (text: string) => void notes.push(text) };
  const [manifest] = await runBackup(agent, { job: 'crm', kind: 'full' }, { progress });
  assert.match(notes[0] ?? '', new RegExp(`interrupted backup ${manifest?.id}`));
});
