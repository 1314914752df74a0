import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { editConfiguration } from '../daemon/support.ts';
import { holdfast } from '../support/holdfast.ts';
import { testInstallation } from '../support/installation.ts';

const drill = (identity: string) => [
  'drill',
  'crm-database',
  '--from',
  'offsite',
  '--identity',
  identity,
  '--json',
];

// The first of them mostly waits for what does not answer.
suite('drills from a copy', { concurrency: 2 }, () => {
  test('a drill from the off-site copy passes with the primary out of reach', async () => {
    await using installation = await testInstallation();
    const { directory, configFile, identityFile, run, sql } = installation;
    const backup = await run('backup', 'crm');
    assert.equal(backup.exitCode, 0, backup.stderr);
    await sql(`
    INSERT INTO crm.deals (id, title) SELECT n, 'new' FROM generate_series(3001, 3100) n;
    DELETE FROM crm.deals WHERE id BETWEEN 1000 AND 1010;
    UPDATE crm.deals SET amount = 0 WHERE id < 5`);
    const incremental = await run('backup', 'crm', '--json');
    assert.equal(incremental.exitCode, 0, incremental.stderr);
    assert.deepEqual(
      JSON.parse(incremental.stdout).map(({ kind }: { kind: string }) => kind),
      ['incremental', 'incremental'],
    );
    assert.equal((await run('copy', 'crm')).exitCode, 0);
    await rename(join(directory, 'primary'), join(directory, 'primary-is-gone'));
    await editConfiguration(configFile, ({ repositories }) => {
      // Nobody listens there.
      const endpoint = 'http://127.0.0.1:1';
      const reached = { region: 'eu-central-1', pathStyle: true, endpoint };
      repositories.primary = { type: 's3', bucket: 'gone', ...reached };
    });

    const access = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'test' };
    const argv = ['--config', configFile, ...drill(identityFile)];
    const { exitCode, stdout, stderr } = await holdfast(argv, { env: access });
    assert.equal(exitCode, 0, stderr + stdout);
    const { evidence } = JSON.parse(stdout);
    assert.equal(evidence.outcome, 'passed');
    assert.deepEqual(evidence.unreadLedgers, ['primary']);
    assert.equal(evidence.totals.rows, 2000 + 100 - 11 + 20);
    assert.equal(evidence.backup.chain.length, 2);
    const asserted = evidence.assertions.map(({ name }: { name: string }) => name);
    assert.ok(asserted.includes('tables hold what was backed up'), asserted.join());
    assert.ok(asserted.includes('every attachment row has its file'), asserted.join());
  });

  test('without the identity nothing of the content opens, and no configuration names one', async () => {
    await using installation = await testInstallation(3);
    const { configFile, identityFile, run } = installation;
    assert.doesNotMatch(await readFile(configFile, 'utf8'), /recovery|AGE-SECRET-KEY/);
    assert.equal((await run('backup', 'crm')).exitCode, 0);
    const none = await run('drill', 'crm-database');
    assert.equal(none.exitCode, 11);
    assert.match(none.stderr, /identity-missing/);
    const metadata = await run(
      'drill',
      'crm-database',
      '--identity',
      identityFile.replace('recovery', 'metadata'),
    );
    assert.equal(metadata.exitCode, 11, metadata.stderr);
    assert.match(metadata.stderr, /identity-wrong/);
  });

  test('a byte flipped in any object of the copy makes the drill fail and names the object', async () => {
    await using installation = await testInstallation(4);
    const { directory, identityFile, run } = installation;
    assert.equal((await run('backup', 'crm')).exitCode, 0);
    assert.equal((await run('copy', 'crm')).exitCode, 0);
    const offsite = join(directory, 'offsite');
    const files = await readdir(join(offsite, 'jobs'), { recursive: true, withFileTypes: true });
    const objects = files
      .filter((file) => file.isFile() && file.name.endsWith('.age'))
      .map((file) => join(file.parentPath, file.name));
    assert.ok(objects.length >= 6, objects.join('\n'));
    const damage = async (damaged: readonly string[]) => {
      const originals = await Promise.all(damaged.map((object) => readFile(object)));
      for (const [index, object] of damaged.entries()) await flipByte(object, originals[index]);
      const { exitCode, stdout, stderr } = await run(...drill(identityFile));
      assert.equal(exitCode, 7, stderr + stdout);
      for (const object of damaged)
        assert.ok(stdout.includes(object.slice(offsite.length + 1)), `${object} is not named`);
      for (const [index, object] of damaged.entries())
        await writeFile(object, originals[index] ?? Buffer.alloc(0));
    };
    // Each is named by itself; and one alone is enough, whether the restore reads it or not.
    await damage(objects);
    await damage(objects.filter((object) => object.endsWith('.copy.zst.age')).slice(0, 1));
    await damage(objects.filter((object) => object.endsWith('load.sh.zst.age')));
    const { exitCode, stderr } = await run(...drill(identityFile));
    assert.equal(exitCode, 0, stderr);
  });

  async function flipByte(file: string, original = Buffer.alloc(0)): Promise<void> {
    const flipped = Buffer.from(original);
    const at = Math.floor(flipped.length / 2);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await writeFile(file, flipped);
  }

  test('a row whose file is missing fails the drill and is named', async () => {
    await using installation = await testInstallation(4);
    const { identityFile, run, sql } = installation;
    await sql(
      `INSERT INTO crm.attachments VALUES (99, 1, 'deals/lost 丢失.txt', repeat('0', 64), 5)`,
    );
    assert.equal((await run('backup', 'crm')).exitCode, 0);
    const { exitCode, stdout } = await run(
      'drill',
      'crm-database',
      '--identity',
      identityFile,
      '--json',
    );
    assert.equal(exitCode, 7);
    assert.match(stdout, /deals\/lost 丢失\.txt/);
  });
});
