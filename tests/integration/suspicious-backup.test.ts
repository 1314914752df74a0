import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
before(async () => {
  installation = await testInstallation(1);
});
after(() => installation[Symbol.asyncDispose]());

/** New files, as a team adds them: text that compresses well. */
async function work(day: number): Promise<void> {
  const { folder } = installation.crm;
  await mkdir(join(folder, String(day)), { recursive: true });
  for (let n = 0; n < 4; n += 1)
    await writeFile(
      join(folder, String(day), `${n}.txt`),
      `minutes of day ${day}, ${n}\n`.repeat(20_000),
    );
}

test('attachments that were encrypted make the backup suspicious; the last good one is held', async () => {
  const { run, crm } = installation;
  assert.equal((await run('backup', 'crm-attachments')).exitCode, 0);
  let lastGood = '';
  for (let day = 1; day <= 6; day += 1) {
    await work(day);
    const { exitCode, stdout, stderr } = await run('backup', 'crm-attachments');
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /SUSPICIOUS/);
    lastGood = stdout.trim();
  }
  for (const entry of await readdir(crm.folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      const { length } = await readFile(file);
      await rm(file);
      await writeFile(`${file}.locked`, randomBytes(length));
    }
  const { exitCode, stderr } = await run('backup', 'crm-attachments');
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /SUSPICIOUS: .*its content may have been encrypted/);
  assert.match(stderr, new RegExp(`the last good one, ${lastGood}, is held`));
  const log = await run('log', 'crm-attachments');
  assert.match(log.stdout, new RegExp(`hold +${lastGood}: the backup \\S+ is suspicious`));
});

test('a scheduled run of it ends badly, so that the daemon tells people; limits can be switched off', async () => {
  const { run, configFile, crm } = installation;
  await writeFile(join(crm.folder, 'more.locked'), randomBytes(4 * 2 ** 20));
  const scheduled = await run('run', 'crm-attachments', '--kind', 'incremental');
  assert.match(scheduled.stdout + scheduled.stderr, /SUSPICIOUS/);
  assert.notEqual(scheduled.exitCode, 0);
  const configuration = parse(await readFile(configFile, 'utf8'));
  configuration.jobs['crm-attachments'].anomalies = false;
  await writeFile(configFile, stringify(configuration));
  await writeFile(join(crm.folder, 'again.locked'), randomBytes(4 * 2 ** 20));
  const { exitCode, stderr } = await run('backup', 'crm-attachments');
  assert.equal(exitCode, 0);
  assert.doesNotMatch(stderr, /SUSPICIOUS/);
});
