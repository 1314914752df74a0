import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
let drills: string;
let evidenceFile: string;

before(async () => {
  installation = await testInstallation(3);
  const { directory, identityFile, run, sql } = installation;
  await sql(`INSERT INTO crm.attachments VALUES (99, 1, 'secret name.txt', repeat('0', 64), 5)`);
  assert.equal((await run('backup', 'crm')).exitCode, 0);
  const drill = await run('drill', 'crm-database', '--identity', identityFile);
  assert.equal(drill.exitCode, 7, drill.stderr);
  drills = join(directory, 'primary', 'jobs', 'crm-database', 'drills');
  const name = (await readdir(drills)).find((file) => /^[^.]+\.json$/.test(file));
  evidenceFile = join(drills, name ?? '');
});
after(() => installation[Symbol.asyncDispose]());

const verify = () => installation.run('evidence', 'verify', 'crm-database');

test('the signed record names no table, path or person; its findings do, encrypted', async () => {
  const envelope = JSON.parse(await readFile(evidenceFile, 'utf8'));
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8');
  assert.doesNotMatch(payload, /secret name|deals|pipeline/);
  const stored = await readFile(evidenceFile.replace('.json', '.findings.json.zst.age'));
  assert.equal(stored.subarray(0, 21).toString(), 'age-encryption.org/v1');
  assert.equal(stored.includes('secret name'), false);
  const shown = await installation.run('evidence', 'show', 'crm-database');
  assert.match(shown.stdout, /failed: secret name\.txt: its file is missing/, shown.stderr);
  const list = await installation.run('evidence', 'list', 'crm-database', '--json');
  assert.equal(JSON.parse(list.stdout)[0].outcome, 'failed');
});

test('a record altered in any field, or its findings, fails verification', async () => {
  const good = await verify();
  assert.equal(good.exitCode, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /1 records/);
  const original = await readFile(evidenceFile, 'utf8');
  const envelope = JSON.parse(original);
  const evidence = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  const altered = [
    { ...evidence, outcome: 'passed' },
    { ...evidence, totals: { ...evidence.totals, rows: 1 } },
    { ...evidence, by: 'somebody/1' },
  ].map((value) =>
    JSON.stringify({ ...envelope, payload: Buffer.from(JSON.stringify(value)).toString('base64') }),
  );
  for (const text of [...altered, JSON.stringify({ ...envelope, signatures: [] })]) {
    await writeFile(evidenceFile, text);
    const { exitCode, stdout } = await verify();
    assert.equal(exitCode, 6, stdout);
    assert.match(stdout, /signature-(invalid|missing)/);
  }
  await writeFile(evidenceFile, original);
  const findings = evidenceFile.replace('.json', '.findings.json.zst.age');
  const bytes = await readFile(findings);
  const flipped = Buffer.from(bytes);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  await writeFile(findings, flipped);
  assert.match((await verify()).stdout, /is not what the evidence names/);
  await writeFile(findings, bytes);
  assert.equal((await verify()).exitCode, 0);
});

test('a removed record shows, and so does one that was taken out of the end of the log', async () => {
  await rename(evidenceFile, `${evidenceFile}.away`);
  const gone = await verify();
  assert.equal(gone.exitCode, 6);
  assert.match(gone.stdout, /storage-object-missing/);
  await rename(`${evidenceFile}.away`, evidenceFile);
  const commits = join(drills, '..', 'commits');
  const last = join(commits, (await readdir(commits)).toSorted().at(-1) ?? '');
  await rename(last, `${drills}/../last-commit`);
  const rolledBack = await verify();
  await rename(`${drills}/../last-commit`, last);
  assert.equal(rolledBack.exitCode, 6);
  assert.match(rolledBack.stdout, /commit-log-broken/);
  assert.match(rolledBack.stdout, /no log names it/);
  assert.equal((await verify()).exitCode, 0);
});

test('a bundle holds the records as they are stored, with a page; an existing file stays', async () => {
  const { directory, run } = installation;
  const file = join(directory, 'drills.zip');
  const bundle = await run('evidence', 'bundle', 'crm', '--since', '2020-01-01', '--to', file);
  assert.equal(bundle.exitCode, 0, bundle.stderr);
  const folder = join(directory, 'unpacked');
  await execa('python3', ['-m', 'zipfile', '-e', file, folder]);
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  assert.match(page, /class="mark bad"[^]*?<span>failed<\/span>/);
  const within = evidenceFile.slice(directory.length);
  assert.deepEqual(await readFile(join(folder, within)), await readFile(evidenceFile));
  assert.ok(page.includes(within.slice(1)), 'the page links the record');
  const before = await readFile(file);
  const again = await run('evidence', 'bundle', 'crm', '--since', '2020-01-01', '--to', file);
  assert.equal(again.exitCode, 2, again.stderr);
  assert.deepEqual(await readFile(file), before);
  await rm(folder, { recursive: true });
});
