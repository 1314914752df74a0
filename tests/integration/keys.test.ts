import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, after, suite, test } from 'node:test';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { holdfast } from '../support/holdfast.ts';
import { protectQuickly } from '../support/protected-identity.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'holdfast');
const passphrase = 'correct horse 电池 staple';

/** An installation of files alone, made by the command line as its user would. */
async function filesInstallation() {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const made = await holdfast(['keygen', 'keys'], { cwd: directory.path });
  assert.equal(made.exitCode, 0, made.stderr);
  const { keys } = parse(made.stdout.slice(made.stdout.indexOf('keys:\n')));
  const write = (name: string, extra: { keys?: object; repository?: object } = {}) =>
    writeFile(
      at(name),
      stringify({
        version: 1,
        repositories: { primary: { type: 'local', path: 'primary', ...extra.repository } },
        keys: { ...keys, ...extra.keys },
        jobs: {
          files: {
            source: { type: 'files', path: 'keys' },
            repository: 'primary',
            retention: { keepLast: 2 },
          },
        },
      }),
    );
  await write('holdfast.yaml', { repository: { limits: { uploadRate: '10MiB', requests: 2 } } });
  const run = (argv: readonly string[], env: Record<string, string> = {}) =>
    holdfast(argv, { cwd: directory.path, env });
  return { ...directory, at, write, run };
}

suite('an identity under a passphrase', () => {
  let one: Awaited<ReturnType<typeof filesInstallation>>;
  before(async () => {
    one = await filesInstallation();
    const backup = await one.run(['backup', 'files']);
    assert.equal(backup.exitCode, 0, backup.stderr);
    const escrow = await readFile(one.at('keys/escrow.age-identity'), 'utf8');
    await writeFile(one.at('protected'), await protectQuickly(escrow, passphrase));
  });
  after(() => one[Symbol.asyncDispose]());
  const drill = ['keys', 'escrow-drill', 'files', '--identity', 'protected'];

  test('is opened with the passphrase that the configuration points to', async () => {
    await one.write('with.yaml', { keys: { identityPassphrase: { env: 'PASSPHRASE' } } });
    const done = await one.run(['--config', 'with.yaml', ...drill], { PASSPHRASE: passphrase });
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /opened.*keys\.recipients\[1\].*the proof is recorded/s);
    const status = await one.run(['keys', 'status', 'files', '--json']);
    const [{ recipients }] = JSON.parse(status.stdout);
    assert.deepEqual(
      recipients.map((entry: { name: string; provenAt?: string }) => [
        entry.name,
        entry.provenAt !== undefined,
      ]),
      [
        ['metadata identity', false],
        ['keys.recipients[0]', false],
        ['keys.recipients[1]', true],
      ],
    );
  });

  test('is not opened by another passphrase, nor without one where nobody can be asked', async () => {
    await one.write('with.yaml', { keys: { identityPassphrase: { env: 'PASSPHRASE' } } });
    const wrong = await one.run(['--config', 'with.yaml', ...drill], { PASSPHRASE: 'guess' });
    assert.match(wrong.stderr, /passphrase-wrong/);
    const none = await one.run(drill);
    assert.match(none.stderr, /passphrase-missing/);
    assert.deepEqual([wrong.exitCode, none.exitCode], [11, 11]);
  });

  test('asks for it on a terminal, and does not show it', async () => {
    const command = [launcher, ...drill].map((word) => `'${word}'`).join(' ');
    // util-linux's script gives the command a terminal of its own.
    const terminal = execa('script', ['-qec', `stty cols 200; ${command}`, '/dev/null'], {
      cwd: one.path,
      all: true,
      timeout: 60_000,
    });
    let shown = '';
    terminal.all.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (!terminal.stdin.writableEnded && shown.includes('Passphrase for'))
        terminal.stdin.end(`${passphrase}\n`);
    });
    const { exitCode } = await terminal;
    assert.equal(exitCode, 0, shown);
    assert.match(shown, /opened/);
    assert.doesNotMatch(shown, /correct horse/);
  });
});

test('a repository that is configured for reading only is never written to', async () => {
  await using one = await filesInstallation();
  assert.equal((await one.run(['backup', 'files'])).exitCode, 0);
  await one.write('holdfast.yaml', { repository: { readOnly: true } });
  const backup = await one.run(['backup', 'files']);
  assert.equal(backup.exitCode, 9);
  assert.match(backup.stderr, /opened for reading only.*readOnly/s);
  assert.equal((await one.run(['list', 'files'])).exitCode, 0);
});

test('what was done and found damage gets the mark of a failure', async () => {
  await using one = await filesInstallation();
  assert.equal((await one.run(['backup', 'files'])).exitCode, 0);
  const jobs = one.at('primary/jobs/files');
  const names = await readdir(jobs, { recursive: true });
  for (const name of names.filter((each) => each.includes('/objects/'))) await rm(join(jobs, name));
  const verify = await one.run(['verify', 'files']);
  assert.equal(verify.exitCode, 6);
  assert.match(verify.stderr, /✖ Verify files.*damaged/);
  assert.doesNotMatch(verify.stderr, /✔/);
  const repair = await one.run(['repair', 'files']);
  assert.equal(repair.exitCode, 2);
  assert.match(repair.stderr, /primary keeps no versions.*--from/s);
});

test('a limit of nothing is refused with its place', async () => {
  await using one = await filesInstallation();
  await one.write('holdfast.yaml', { repository: { limits: { uploadRate: '0B', requests: 0 } } });
  const checked = await one.run(['config', 'check']);
  assert.equal(checked.exitCode, 3);
  assert.match(checked.stderr, /repositories\.primary\.limits\.uploadRate/);
  assert.match(checked.stderr, /repositories\.primary\.limits\.requests/);
});
