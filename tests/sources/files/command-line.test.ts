import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { editConfiguration } from '../../daemon/support.ts';
import { holdfast } from '../../support/holdfast.ts';
import { writeJobInstallation } from '../../support/job-installation.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { assertSameTree } from './tree.ts';

/** A directory, and a configuration with a job that backs it up. */
async function setUp() {
  await using resources = new AsyncDisposableStack();
  const { path: directory } = resources.use(await temporaryDirectory());
  const source = join(directory, 'source');
  await mkdir(source);
  const { configFile, identityFile } = await writeJobInstallation(directory, {
    files: { type: 'files', path: 'source', exclude: ['*.tmp'] },
  });
  const owned = resources.move();
  const run = (...argv: string[]) => holdfast(['--config', configFile, ...argv]);
  return {
    directory,
    source,
    configFile,
    run,
    restore: (...argv: string[]) => run('restore', 'files', '-i', identityFile, ...argv),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Folders whose whole path is longer than Linux's PATH_MAX of 4,096 bytes, or macOS's 1,024. */
function makeTooDeep(source: string): void {
  const script = `for (let depth = 0; depth < 18; depth++) {
    const name = depth === 0 ? 'deep' : 'd'.repeat(250);
    fs.mkdirSync(name);
    process.chdir(name);
  }`;
  // Without the environment, whose relative paths would lead into the source.
  execFileSync(process.execPath, ['-e', script], { cwd: source, env: {} });
}

test('a person sees what a backup lacks and leaves out, and what a restore did', async () => {
  await using place = await setUp();
  const { source, run, restore } = place;
  await writeFile(join(source, 'file'), 'content');
  await writeFile(join(source, 'draft.tmp'), 'left out');
  execFileSync('mkfifo', [join(source, 'pipe')]);
  const backup = await run('backup', 'files');
  assert.equal(backup.exitCode, 0, backup.stderr);
  const leftOut = '1 by patterns, 1 sockets, pipes and devices';
  assert.match(backup.stderr, /left out: pipe, a named pipe/);
  assert.match(backup.stderr, new RegExp(`left out: ${leftOut}`));
  assert.match((await run('show', 'files')).stdout, new RegExp(`left out +${leftOut}`));

  // What lies so deep has no name that the system takes, for root neither.
  makeTooDeep(source);
  const partial = await run('backup', 'files');
  assert.equal(partial.exitCode, 5, partial.stderr);
  assert.match(partial.stderr, /1 problems/);
  assert.match((await run('show', 'files')).stdout, /problem: deep.*ENAMETOOLONG/);
  const { problems } = JSON.parse((await run('show', 'files', '--json')).stdout);
  assert.match(problems[0].where, /^deep\//);
  assert.equal(problems.length, 1);
  execFileSync('rm', ['-r', join(source, 'deep')]);
  await run('backup', 'files');

  const target = join(place.directory, 'restored');
  assert.equal((await restore('--to', target)).exitCode, 0);
  await writeFile(join(target, 'file'), 'mine');
  const dry = await restore('--to', target, '--into', 'skip', '--dry-run');
  assert.match(dry.stdout, /would write 1 items, 0 B\nwould keep as the target has it: 1 entries/);
  const again = await restore('--to', target, '--into', 'skip');
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stdout, /kept as the target had it: 1 entries, by --into skip/);
  assert.equal((await restore('--to', target, '--into', 'overwrite')).exitCode, 0);
  execFileSync('rm', [join(source, 'pipe'), join(source, 'draft.tmp')]);
  await run('backup', 'files');
  const fresh = join(place.directory, 'fresh');
  await restore('--to', fresh);
  assertSameTree(fresh, source);
});

test('a run for a timer says how much it backed up; what cannot be is refused, and a prune may be asked not to', async () => {
  await using place = await setUp();
  await writeFile(join(place.source, 'file'), 'content');
  const ran = await place.run('run', 'files', '--kind', 'full');
  assert.match(ran.stdout, /^full \S+: 1 items, \d+ bytes stored$/m);
  const planned = await place.run('prune', 'files', '--dry-run');
  assert.equal(planned.exitCode, 0, planned.stderr);
  assert.match(planned.stdout, /keep/);
  const copied = await place.run('copy', 'files');
  assert.equal(copied.exitCode, 2);
  assert.match(copied.stderr, /files has no `copies`/);
  const onFile = await place.restore('--to', place.configFile);
  assert.equal(onFile.exitCode, 12);
  assert.match(onFile.stderr, /is not a directory/);
  const both = await place.run('prune', 'files', '--dry-run', '--confirm');
  assert.equal(both.exitCode, 2);
});

test('a part to read that is none is refused, naming what it takes', async () => {
  await using set = await setUp();
  const { exitCode, stderr } = await set.run('verify', '--read', 'files');
  assert.equal(exitCode, 2);
  assert.match(stderr, /argument 'files' is invalid.*a share \(5%\).*the job comes before --read/s);
});

test('the configured compression is what a backup is made with', async () => {
  await using set = await setUp();
  await writeFile(join(set.source, 'prose'), (await readFile('docs/format.md', 'utf8')).repeat(4));
  const sizes: number[] = [];
  for (const level of [1, 19]) {
    await editConfiguration(set.configFile, ({ jobs }) => {
      jobs.files.compression = { level, cores: 1 };
    });
    const { exitCode, stderr } = await set.run('backup', 'files', '--kind', 'full');
    assert.equal(exitCode, 0, stderr);
    const objects = join(set.directory, 'primary/jobs/files');
    const files = await readdir(objects, { recursive: true, withFileTypes: true });
    const [newest = ''] = files
      .filter(({ name }) => name.startsWith('s000001'))
      .map((file) => join(file.parentPath, file.name))
      .sort()
      .reverse();
    sizes.push((await stat(newest)).size);
  }
  const [fast = 0, small = 0] = sizes;
  assert.ok(small < fast * 0.9, `level 1 took ${fast} bytes, level 19 ${small}`);
});
