import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { walk, type WalkOptions } from '../../../backup-agent/sources/files/walk.ts';
import { WalkThread } from '../../../backup-agent/sources/files/worker/walk-in-worker.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** What a walk yields and tells, in its order; what it leaves out by patterns is counted. */
async function everything(root: string, walkTree: typeof walk) {
  const met: unknown[] = [];
  let excluded = 0;
  const options = optionsFor(root, {
    onProblem: (problem) => met.push(problem),
    onUnknown: (path) => met.push(['unknown', path]),
    leftOut: {
      excluded: (count) => (excluded += count),
      otherFileSystem: (path) => met.push(['mount', path]),
      special: (path, kind) => met.push(['special', path, kind]),
    },
  });
  for await (const entry of walkTree(options)) met.push(entry);
  return { met, excluded };
}

function optionsFor(root: string, others: Partial<WalkOptions> = {}): WalkOptions {
  return {
    root: Buffer.from(root),
    patterns: { exclude: ['*.tmp'], include: [] },
    oneFileSystem: true,
    signal: new AbortController().signal,
    onProblem: () => undefined,
    onUnknown: () => undefined,
    leftOut: {
      excluded: () => undefined,
      otherFileSystem: () => undefined,
      special: () => undefined,
    },
    ...others,
  };
}

/** A few files more than are under way between the threads at once. */
function fill(root: string): void {
  for (let number = 0; number < 1500; number++) {
    const folder = join(root, `d${number % 3}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `f${number}${number % 50 === 0 ? '.tmp' : ''}`), '');
  }
  writeFileSync(Buffer.concat([Buffer.from(join(root, 'd1/')), Buffer.from([0xff, 0xfe])]), '');
  execFileSync('mkfifo', [join(root, 'd2/pipe')]);
}

test('a thread yields and tells what a walk does, in the same order', async () => {
  await using directory = await temporaryDirectory();
  fill(directory.path);
  const here = await everything(directory.path, walk);
  const thread = new WalkThread();
  const there = await everything(directory.path, (options) => thread.walk(options));
  assert.equal(there.excluded, 30);
  assert.equal(there.met.length, 1506 - 30);
  assert.deepEqual(there, here);
});

test('where other file systems lie, the thread says so', { skip: !isLinux() }, async () => {
  const root = '/dev';
  const names = async (walkTree: typeof walk) => {
    const mounts: string[] = [];
    const leftOut = {
      excluded: () => undefined,
      otherFileSystem: (path: Buffer) => void mounts.push(path.toString()),
      special: () => undefined,
    };
    await Array.fromAsync(walkTree(optionsFor(root, { leftOut })));
    return mounts;
  };
  const thread = new WalkThread();
  const there = await names((options) => thread.walk(options));
  assert.ok(there.length > 0);
  assert.deepEqual(there, await names(walk));
});

function isLinux(): boolean {
  return process.platform === 'linux';
}

test('a root that is not there is told with the system’s own error', async () => {
  await using directory = await temporaryDirectory();
  const walked = new WalkThread().walk(optionsFor(join(directory.path, 'nothing')));
  await assert.rejects(walked.next(), /ENOENT/);
});

test('a thread that has ended walks nothing, and says so', async () => {
  await using directory = await temporaryDirectory();
  const thread = new WalkThread();
  await Array.fromAsync(thread.walk(optionsFor(directory.path)));
  await assert.rejects(thread.walk(optionsFor(directory.path)).next(), /ended before its walk/);
});

test('a walk that is left early, or aborted, leaves no thread behind', async () => {
  await using directory = await temporaryDirectory();
  fill(directory.path);
  for await (const entry of new WalkThread().walk(optionsFor(directory.path))) {
    assert.equal(entry.type, 'directory');
    break;
  }
  assert.deepEqual(liveThreads(), []);
  const stop = new AbortController();
  const reason = new Error('stopped by a person');
  const aborted = new WalkThread().walk(optionsFor(directory.path, { signal: stop.signal }));
  await aborted.next();
  assert.equal(liveThreads().length, 1);
  stop.abort(reason);
  await assert.rejects(Array.fromAsync(aborted), (error) => error === reason);
  assert.deepEqual(liveThreads(), []);
});

/** Of this process, besides the main thread. */
function liveThreads(): readonly unknown[] {
  const { workers } = process.report.getReport() as { readonly workers: readonly unknown[] };
  return workers;
}
