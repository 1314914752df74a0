import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { unzipSync } from 'fflate';
import { parse } from 'yaml';
import { isHoldfastError, isIntegrity } from '../../backup-agent/errors/holdfast-error.ts';
import { evidenceDocument, openDocument } from '../../backup-agent/repository/documents.ts';
import { configuration } from '../../contracts/configuration.ts';
import { controlsReport } from '../../contracts/controls-report.ts';
import { run as policies } from '../../policies/cli.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
let drills: string;
let evidenceFile: string;

before(async () => {
  installation = await testInstallation(3);
  const { directory, identityFile, run, sql } = installation;
  await sql(`INSERT INTO crm.attachments VALUES (99, 1, 'secret name.txt', repeat('0', 64), 5)`);
  await sql('CREATE TABLE crm.bare AS SELECT 1 AS n');
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
  assert.match(shown.stdout, /coverage +2 tables to any commit, 1 to an incremental's end, 0 not/);
  const named = await installation.run('evidence', 'show', 'crm-database', '--json');
  const { evidence, findings } = JSON.parse(named.stdout);
  assert.deepEqual(evidence.coverage, { commit: 2, boundary: 1, none: 0 });
  assert.match(JSON.stringify(findings.coverage), /"crm.bare".*no primary key/);
  assert.doesNotMatch(payload, /bare/);
  const list = await installation.run('evidence', 'list', 'crm-database', '--json');
  assert.equal(JSON.parse(list.stdout)[0].outcome, 'failed');
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The document with one field changed, or left out, each in its turn, at any depth. */
function* alterations(value: Json, where = ''): Generator<{ where: string; value: Json }> {
  if (value === null || typeof value !== 'object') {
    const changed = { boolean: !value, number: Number(value) + 1, string: `${String(value)}0` };
    yield { where, value: changed[typeof value as keyof typeof changed] };
    return;
  }
  const entries: [string, Json][] = Object.entries(value);
  const made = (parts: [string, Json][]): Json =>
    Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
  for (const [at, [key, part]] of entries.entries()) {
    yield { where: `${where}.${key} left out`, value: made(entries.toSpliced(at, 1)) };
    for (const inner of alterations(part, `${where}.${key}`))
      yield { where: inner.where, value: made(entries.with(at, [key, inner.value])) };
  }
}

test('a record altered in any field, or its findings, fails verification', async () => {
  const good = await verify();
  assert.equal(good.exitCode, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /1 records/);
  const original = await readFile(evidenceFile, 'utf8');
  const envelope = JSON.parse(original);
  const evidence = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  const { keys } = configuration.parse(parse(await readFile(installation.configFile, 'utf8')));
  const open = (payload: unknown) => {
    const text = JSON.stringify(payload);
    const bytes = JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') });
    return openDocument(evidenceDocument, Buffer.from(bytes), keys.trusted, 'the record');
  };
  assert.deepEqual(await open(evidence), evidence);
  const altered = [...alterations(evidence)];
  assert.ok(altered.length > 150, String(altered.length));
  for (const { where, value } of altered)
    await assert.rejects(
      open(value),
      (error) => isHoldfastError(error) && isIntegrity(error),
      where,
    );
  const passed = Buffer.from(JSON.stringify({ ...evidence, outcome: 'passed' })).toString('base64');
  for (const text of [
    JSON.stringify({ ...envelope, payload: passed }),
    JSON.stringify({ ...envelope, signatures: [] }),
  ]) {
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
  // With every trace of it in the repository.
  const traces = [last, evidenceFile, evidenceFile.replace('.json', '.findings.json.zst.age')];
  const away = join(installation.directory, 'away');
  await mkdir(away);
  for (const trace of traces) await rename(trace, join(away, basename(trace)));
  const rolledBack = await verify();
  for (const trace of traces) await rename(join(away, basename(trace)), trace);
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

test('the controls read a bundle as it is; what they say goes along in the next', async () => {
  const { directory, configFile, run } = installation;
  const at = (name: string) => join(directory, name);
  const since = ['--since', '2020-01-01'];
  const first = await run('evidence', 'bundle', 'crm', ...since, '--to', at('for-controls.zip'));
  assert.equal(first.exitCode, 0, first.stderr);
  await writeFile(at('empty.tf.json'), '{}');
  const report = await policies(
    [
      ['report', at('empty.tf.json'), '--agent', configFile, '--evidence', at('for-controls.zip')],
      ['--out', at('compliance.html'), '--json', at('compliance.json')],
    ].flat(),
    () => new Date(),
  );
  assert.equal(report.code, 1, report.errors);
  const { controls, problems } = controlsReport.parse(
    JSON.parse(await readFile(at('compliance.json'), 'utf8')),
  );
  assert.deepEqual(problems, []);
  const evidence = controls.flatMap(({ parts }) => parts.filter(({ kind }) => kind === 'evidence'));
  const said = new Map(evidence.map(({ subject, state, why }) => [subject, `${state}: ${why.en}`]));
  assert.match(said.get('log') ?? '', /^met: crm-database: \d+ commits.*; crm-attachments: \d+/);
  assert.match(said.get('backup') ?? '', /^met: crm-database: backup of/);
  assert.match(
    said.get('drill') ?? '',
    /^not: crm-database: the drill of .* failed: every attachment/,
  );

  const along = ['--compliance', at('compliance.html'), at('compliance.json')];
  const whole = await run('evidence', 'bundle', 'crm', ...since, '--to', at('audit.zip'), ...along);
  assert.equal(whole.exitCode, 0, whole.stderr);
  const files = unzipSync(await readFile(at('audit.zip')));
  for (const name of ['compliance.html', 'compliance.json'])
    assert.deepEqual(Buffer.from(files[`compliance/${name}`] ?? []), await readFile(at(name)));
  assert.match(
    Buffer.from(files['index.html'] ?? []).toString(),
    /compliance\.json<\/a>: controls\s+at[^]*\d+ not/,
  );
  for (const name of ['holdfast.yaml', 'empty.tf.json', 'nothing.html']) {
    const refused = await run(
      'evidence',
      'bundle',
      'crm',
      ...since,
      '--to',
      at('x.zip'),
      '--compliance',
      at(name),
    );
    assert.equal(refused.exitCode, 2, name);
    assert.match(refused.stderr, /--compliance .* (is neither|is not a report|cannot be read)/);
  }
});
