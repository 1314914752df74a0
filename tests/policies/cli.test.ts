import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, type Run } from '../../policies/cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const now = (): Date => new Date('2026-11-23T12:00:00Z');
const check = (...argv: string[]): Promise<Run> => run(['check', ...argv], now);

const resources = {
  resource: { aws_db_instance: { crm: { engine: 'mysql', storage_encrypted: false } } },
};

/** A CDKTF output directory of one stack. */
async function output(path: string, document: object): Promise<string> {
  await mkdir(join(path, 'stacks/data'), { recursive: true });
  await writeFile(
    join(path, 'manifest.json'),
    JSON.stringify({
      version: '0.21.0',
      stacks: { data: { name: 'data', synthesizedStackPath: 'stacks/data/cdk.tf.json' } },
    }),
  );
  await writeFile(join(path, 'stacks/data/cdk.tf.json'), JSON.stringify(document, undefined, 2));
  return path;
}

test('findings end with 1, and name the line in the generated file', async () => {
  await using directory = await temporaryDirectory();
  const { code, output: shown } = await check(await output(directory.path, resources));
  assert.equal(code, 1);
  assert.match(shown, /error rds-storage-encrypted {2}data\/aws_db_instance\.crm/);
  assert.match(shown, /stacks\/data\/cdk\.tf\.json:4\n/);
});

test('a clean input ends with 0, also as a plan or a single file', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'main.tf.json');
  for (const content of [{}, { format_version: '1.2' }, { resource: {} }]) {
    await writeFile(file, JSON.stringify(content));
    assert.equal((await check(file)).code, 0);
  }
});

test('suppressions, the clock and the threshold decide the exit code', async () => {
  await using directory = await temporaryDirectory();
  const path = await output(directory.path, {
    resource: {
      aws_db_instance: {
        crm: { engine: 'mysql', storage_encrypted: true, publicly_accessible: true },
      },
    },
  });
  const suppressions = join(directory.path, 'suppressions.yaml');
  await writeFile(
    suppressions,
    'version: 1\nsuppressions:\n  - { rule: rds-multi-az, address: data/aws_db_instance.crm, reason: Nothing of value is kept in it., owner: platform, ticket: T-1, expires: 2026-11-23 }\n',
  );
  const { output: held } = await check(path, '--suppressions', suppressions);
  assert.match(held, /suppressed\n {2}rds-multi-az/);
  const { output: expired } = await check(
    path,
    '--suppressions',
    suppressions,
    '--now',
    '2026-11-24',
  );
  assert.match(expired, /entry 1 is expired/);
  const none = await check(path, '--fail-on', 'note', '--format', 'json');
  assert.equal(none.code, 1);
  assert.ok(JSON.parse(none.output));
});

test('what cannot be read is a failure of the run: 2, and one line that names it', async () => {
  await using directory = await temporaryDirectory();
  const bad = join(directory.path, 'bad.json');
  await writeFile(bad, '{"resource": [');
  for (const path of [join(directory.path, 'nothing'), bad, directory.path]) {
    const { code, output: shown, errors } = await check(path);
    assert.deepEqual([code, shown], [2, '']);
    assert.match(errors, /^error: .*\n$/);
  }
  for (const argv of [
    ['check', '--format', 'xml'],
    ['chek'],
    ['explain', 'no-such-rule'],
    ['check', '--now', 'soon'],
    ['check', '--fail-on', 'loud'],
  ]) {
    const { code, errors } = await run(argv, now);
    assert.equal(code, 2, argv.join(' '));
    assert.match(errors, /error/);
  }
});

test('help, list and explain end with 0', async () => {
  assert.match(
    (await run(['list'], now)).output,
    /^rds-storage-encrypted\terror\tDatabase storage is encrypted$/m,
  );
  assert.match((await run(['explain', 'rds-pgaudit'], now)).output, /^# rds-pgaudit/);
  assert.equal((await run(['--help'], now)).code, 0);
});

test('the program itself sets the exit code', async () => {
  await using directory = await temporaryDirectory();
  const path = await output(directory.path, resources);
  const { status, stdout } = spawnSync(
    process.execPath,
    ['policies/main.ts', 'check', path, '--format', 'github'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.match(stdout, /^::error file=.*title=rds-storage-encrypted::/m);
});
