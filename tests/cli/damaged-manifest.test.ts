import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { manifestKey } from '../../backup-agent/repository/layout.ts';
import { inProcess } from '../support/in-process.ts';
import { writeJobInstallation } from '../support/job-installation.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A job of a small directory, copied to `offsite`. */
async function installation(directory: string) {
  const source = { type: 'files', path: 'source' };
  const { configFile } = await writeJobInstallation(directory, { job: source });
  const configuration = parse(await readFile(configFile, 'utf8'));
  configuration.repositories.offsite = { type: 'local', path: 'offsite' };
  configuration.jobs.job.copies = ['offsite'];
  await writeFile(configFile, stringify(configuration));
  await mkdir(join(directory, 'source'));
  const run = (...argv: string[]) => inProcess(['--config', configFile, ...argv]);
  const backUp = async (file: string) => {
    await writeFile(join(directory, 'source', file), file);
    return await run('backup', 'job');
  };
  return { run, backUp };
}

test('after damage to a manifest a backup ends well, what shows or copies the rest ends with 6', async () => {
  await using directory = await temporaryDirectory();
  const { run, backUp } = await installation(directory.path);
  await backUp('one');
  await backUp('two');
  const [full = '', incremental = ''] = await readdir(
    join(directory.path, 'primary/jobs/job'),
  ).then((names) => names.filter((name) => /^\d{8}T/.test(name)).toSorted());
  await writeFile(join(directory.path, 'primary', manifestKey('job', incremental)), 'garbage');
  const list = await run('list', 'job');
  assert.equal(list.exitCode, 6);
  assert.match(list.stdout, new RegExp(`\n${full} `));
  assert.match(list.stdout, new RegExp(`warning: backup ${incremental} is damaged`));
  const backup = await backUp('three');
  assert.equal(backup.exitCode, 0, backup.stdout);
  const copy = await run('copy', 'job');
  assert.equal(copy.exitCode, 6);
  assert.match(copy.stdout, /2 backups copied.*1 DAMAGED and not copied/);
  assert.match(copy.stdout, new RegExp(`warning: not copied to offsite: ${incremental}`));
});
