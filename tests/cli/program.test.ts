import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { parse } from 'yaml';
import { commandNames } from '../../backup-agent/cli/commands/index.ts';
import { holdfast } from '../support/holdfast.ts';
import { inProcess } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = join(import.meta.dirname, '..', '..');

describe('help', () => {
  test('every command, and every one below it, has help with an example', async () => {
    const asked: string[] = [];
    const ask = async (path: readonly string[]) => {
      const help = await inProcess([...path, '--help']);
      assert.equal(help.exitCode, 0, path.join(' '));
      const below = /\nCommands:\n([^]*?)(\n\n|$)/.exec(help.stdout)?.[1] ?? '';
      const names = [...below.matchAll(/^ {2}([a-z]+[a-z-]*)\b/gm)].map(([, name]) => name ?? '');
      for (const name of names.filter((each) => each !== 'help')) await ask([...path, name]);
      if (names.length === 0)
        assert.match(help.stdout, /Examples?:\n {2}holdfast /, path.join(' '));
      asked.push(path.join(' '));
    };
    await ask([]);
    assert.ok(
      asked.length > commandNames.length && asked.includes('evidence verify'),
      asked.join(),
    );
  });
  test('who reads the output may stop in the middle', async () => {
    const command = `'${join(root, 'bin/holdfast')}' --help | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', command]);
    assert.deepEqual([stdout, stderr], ['0', '']);
  });
  test('a mistyped command gets a suggestion and exit code 2', async () => {
    const { exitCode, stderr, stdout } = await holdfast(['bakup']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /backup/);
    assert.equal(stdout, '');
    const below = await inProcess(['evidence', 'verfy']);
    assert.equal(below.exitCode, 2);
    assert.match(below.stdout, /Did you mean verify\?/);
    const option = await inProcess(['report', '--langage', 'zh']);
    assert.equal(option.exitCode, 2);
    assert.match(option.stdout, /Did you mean --language\?/);
  });
});

test('what a signal ended says what becomes of that command, not of another', async () => {
  const ended = AbortSignal.abort();
  const said = async (...argv: string[]) => (await inProcess(argv, ended)).stdout;
  assert.match(await said('restore', 'crm', '--to', 'there'), /unfinished: the same command/);
  assert.match(await said('backup', 'crm'), /not committed is cleaned up by prune/);
  assert.equal(await said('--no-color', 'list', 'crm'), 'stopped\n');
});

describe('config', () => {
  test('check names every problem on stderr and ends with 3', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'holdfast.yaml'), 'version: 2\njobs: {}\nextra: 1\n');
    const { exitCode, stdout, stderr } = await holdfast(['config', 'check'], {
      cwd: directory.path,
    });
    assert.equal(exitCode, 3);
    assert.equal(stdout, '');
    assert.match(stderr, /version \(line 1\)/);
    assert.match(stderr, /extra \(line 3\)/);
    assert.match(stderr, /keys/);
    assert.match(stderr, /hint:.*\(config-invalid\)/s);
  });
  test('a missing file is its own error', async () => {
    const { exitCode, stderr } = await holdfast(['--config', '/nonexistent.yaml', 'list', 'crm']);
    assert.equal(exitCode, 3);
    assert.match(stderr, /nonexistent\.yaml cannot be read/);
  });
  test('errors are JSON with --json, on stderr', async () => {
    const { stdout, stderr } = await holdfast([
      '--json',
      '--config',
      '/nonexistent.yaml',
      'list',
      'x',
    ]);
    assert.equal(stdout, '');
    assert.equal(JSON.parse(stderr).error.code, 'config-not-found');
  });
  test('the example that is printed passes the check once its recipient is real', async () => {
    await using directory = await temporaryDirectory();
    const keygen = await holdfast(['keygen', 'keys'], { cwd: directory.path });
    assert.equal(keygen.exitCode, 0, keygen.stderr);
    const { stdout } = await holdfast(['config', 'example']);
    const pasted = parse(keygen.stdout.slice(keygen.stdout.indexOf('keys:\n')));
    const file = { ...parse(stdout), ...pasted };
    await writeFile(join(directory.path, 'holdfast.yaml'), JSON.stringify(file));
    const check = await holdfast(['config', 'check'], { cwd: directory.path });
    assert.equal(check.exitCode, 0, check.stderr);
  });
});

describe('keygen', () => {
  test('writes each key for its owner only, and never overwrites one', async () => {
    await using directory = await temporaryDirectory();
    const keys = join(directory.path, 'keys');
    assert.equal((await holdfast(['keygen', keys])).exitCode, 0);
    const files = await readdir(keys);
    assert.equal(files.length, 8); // six keys, and sheets for the two that open backups
    const before = await Promise.all(files.map((file) => readFile(join(keys, file), 'utf8')));
    for (const file of files) assert.equal((await stat(join(keys, file))).mode & 0o777, 0o600);
    const again = await holdfast(['keygen', keys]);
    assert.equal(again.exitCode, 11);
    assert.match(again.stderr, /key-file-exists/);
    const after = await Promise.all(files.map((file) => readFile(join(keys, file), 'utf8')));
    assert.deepEqual(after, before);
  });
  test('prints no secret', async () => {
    await using directory = await temporaryDirectory();
    const { stdout, stderr } = await holdfast(['keygen', join(directory.path, 'keys')]);
    assert.doesNotMatch(stdout + stderr, /AGE-SECRET-KEY|PRIVATE KEY/);
  });
});

describe('explain', () => {
  test('tells what a code means and what to do', async () => {
    const { stdout, exitCode } = await holdfast(['explain', 'identity-wrong']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /exit code 11/);
    assert.match(stdout, /What to do: /);
  });
  test('an unknown code is a usage error', async () => {
    assert.equal((await holdfast(['explain', 'nonsense'])).exitCode, 2);
    const mistyped = await holdfast(['explain', 'lease-hold']);
    assert.match(mistyped.stderr, /hint: about lease there are .*lease-held/);
  });
});

test('doctor runs without a configuration and tells about the machine', async () => {
  await using directory = await temporaryDirectory();
  const { stdout } = await holdfast(['--json', 'doctor'], { cwd: directory.path });
  const checks = new Set(JSON.parse(stdout).map(({ check }: { check: string }) => check));
  assert.ok(checks.has('Node'));
  assert.ok(checks.has('configuration'));
});

describe('the launcher', () => {
  test('works through a symbolic link, from anywhere', async () => {
    await using directory = await temporaryDirectory();
    const link = join(directory.path, 'hf');
    await symlink(join(root, 'bin', 'holdfast'), link);
    const { stdout } = await execa(link, ['--version'], { cwd: '/' });
    assert.match(stdout, /^\d+\.\d+\.\d+$/);
  });
  test('says in one line what to do where only an older Node is', async () => {
    await using directory = await temporaryDirectory();
    const copy = join(directory.path, 'holdfast');
    const path = join(directory.path, 'path');
    await mkdir(join(copy, 'bin'), { recursive: true });
    await mkdir(path);
    const script = await readFile(join(root, 'bin', 'holdfast'), 'utf8');
    await writeFile(join(copy, 'bin', 'holdfast'), script);
    await writeFile(join(path, 'node'), '#!/bin/sh\necho 20\n');
    await chmod(join(copy, 'bin', 'holdfast'), 0o755);
    await chmod(join(path, 'node'), 0o755);
    const { exitCode, stderr } = await execa(join(copy, 'bin', 'holdfast'), ['list'], {
      reject: false,
      extendEnv: false,
      env: { PATH: `${path}:/usr/bin:/bin` },
    });
    assert.equal(exitCode, 4);
    assert.match(stderr, /^error: holdfast needs Node 26 or newer[^\n]*$/);
  });
});
