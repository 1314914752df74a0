import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import { startThrowawayServer } from '../../backup-agent/drills/sandbox/throwaway-server.ts';
import { findPersonal } from '../../backup-agent/privacy/detectors/detectors.ts';
import { findClientTool, findServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';
import type { Evidence } from '../../contracts/evidence.ts';
import { writeInstallation } from '../../rehearsal/configuration.ts';
import { fillCrm, workOnCrm, type Crm } from '../../rehearsal/crm/crm.ts';
import { holdfast, type CliResult } from '../support/holdfast.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** The sample CRM, with what hides personal data: documents, arrays, free text, a key of its own. */
const morePersonal = `
  SET session_replication_role = replica;
  DELETE FROM crm.activities WHERE contact_id > 1600;
  DELETE FROM crm.contacts WHERE id > 1600;
  DELETE FROM crm.notes WHERE deal_id > 2000;
  DELETE FROM crm.deals WHERE id > 2000;
  DELETE FROM crm.accounts WHERE id > 2100;
  RESET session_replication_role;
  ALTER TABLE crm.contacts ADD aliases text[] NOT NULL DEFAULT '{}';
  UPDATE crm.contacts SET aliases = ARRAY[full_name, 'nick "' || id || '"'] WHERE id % 3 = 0;
  UPDATE crm.accounts SET custom = custom || jsonb_build_object('billing', jsonb_build_object(
    'email', 'billing' || id || '@mail.example'), 'remark', 'ring 1390000' || lpad(id::text, 4, '0'))
    WHERE id % 5 = 0;
  UPDATE crm.notes SET body = 'write to contact' || (1 + id % 1500) || '@mail.example'
    WHERE id % 10 = 0;
  CREATE TABLE crm.logins (email text PRIMARY KEY REFERENCES crm.users (email) ON UPDATE CASCADE,
    seen date NOT NULL);
  INSERT INTO crm.logins SELECT email, date '2025-01-01' + id FROM crm.users;
  ALTER TABLE crm.contacts REPLICA IDENTITY FULL;
`;
const later = `
  UPDATE crm.contacts SET email = 'moved' || id || '@mail.example', phone = '+86 137 0000 ' || id
    WHERE id BETWEEN 1200 AND 1300;
  DELETE FROM crm.contacts WHERE id = 1599 AND id NOT IN (SELECT contact_id FROM crm.activities);
  UPDATE crm.users SET email = 'renamed' || id || '@crm.example' WHERE id <= 20;
  DELETE FROM crm.logins WHERE email LIKE 'user19%';
`;
const email = { pseudonym: 'email' };
const name = { pseudonym: 'name' };
const profile = {
  key: { env: 'MASKING_KEY' },
  tables: {
    'crm.users': { email, display_name: name },
    'crm.logins': { email, seen: { shiftDays: 60 } },
    'crm.contacts': { full_name: name, email, phone: { pseudonym: 'phone' }, aliases: name },
    'crm.accounts': {
      name: 'hash',
      annual_revenue: { noisePercent: 20 },
      custom: { json: { fields: { email } } },
    },
    'crm.notes': { body: 'scrub' },
    'crm.activities': { subject: 'redact', details: null },
  },
};

const resources = new AsyncDisposableStack();
let crm: Crm;
let configFile: string;
let identityFile: string;
let dumpProgram: string;
let originals: ReadonlySet<string>;
let createDatabase: (database: string) => Promise<string>;

before(async () => {
  const { path: directory } = resources.use(await temporaryDirectory());
  const searchPath = process.env['PATH'];
  const binaries = await findServerBinaries({ searchPath });
  const server = resources.use(
    await startThrowawayServer({
      binaries,
      settings: { wal_level: 'logical', max_slot_wal_keep_size: '1GB' },
    }),
  );
  createDatabase = (database) => server.createDatabase(database);
  dumpProgram = (await findClientTool('pg_dump', { searchPath }, binaries.majorVersion)).path;
  crm = { url: await createDatabase('crm'), folder: join(directory, 'attachments') };
  await mkdir(crm.folder);
  await fillCrm(crm);
  await query(crm.url, morePersonal);
  ({ configFile, identityFile } = await writeInstallation(directory, crm, () => new Date()));
  await configure({ staging: profile });
  await succeed('source', 'prepare', 'crm-database', '--admin', crm.url, '--apply');
  await succeed('backup', 'crm-database');
  const before = await personalValues();
  await workOnCrm(crm);
  await query(crm.url, later);
  await succeed('backup', 'crm');
  originals = new Set([...before, ...(await personalValues())]);
});
after(() => resources.disposeAsync());

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows ?? [];
  } finally {
    await client.end();
  }
}

async function personalValues(): Promise<string[]> {
  const rows = await query(
    crm.url,
    `SELECT email AS value FROM crm.users UNION SELECT display_name FROM crm.users
     UNION SELECT full_name FROM crm.contacts UNION SELECT email FROM crm.contacts
     UNION SELECT phone FROM crm.contacts WHERE phone IS NOT NULL
     UNION SELECT custom #>> '{billing,email}' FROM crm.accounts WHERE custom ? 'billing'
     UNION SELECT substring(custom ->> 'remark' FROM '[0-9]+') FROM crm.accounts WHERE custom ? 'remark'
     UNION SELECT substring(body FROM 'contact.*') FROM crm.notes WHERE body LIKE 'write to%'
     UNION SELECT DISTINCT name FROM crm.accounts`,
  );
  return rows.map(({ value }) => String(value));
}

async function configure(maskingProfiles: object, drill: object = {}): Promise<void> {
  const configuration = parse(await readFile(configFile, 'utf8'));
  configuration.maskingProfiles = maskingProfiles;
  Object.assign(configuration.jobs['crm-database'].drill, drill);
  await writeFile(configFile, stringify(configuration));
}

function run(...argv: string[]): Promise<CliResult> {
  return holdfast(['--config', configFile, ...argv], { env: { MASKING_KEY: 'm'.repeat(40) } });
}

async function succeed(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...argv);
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout;
}

async function restore(database: string, ...options: string[]): Promise<string> {
  const url = await createDatabase(database);
  await succeed('restore', 'crm-database', '--to', url, '-i', identityFile, ...options);
  return url;
}

async function dump(url: string): Promise<string> {
  const { stdout } = await execa(dumpProgram, ['--inserts', url], { maxBuffer: 2 ** 30 });
  return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '');
}

/** Which of the values stand anywhere in a dump, alone or within a text. */
function found(values: Iterable<string>, dumped: string): string[] {
  const text = dumped.replaceAll("''", "'");
  const byBeginning = Map.groupBy(values, (value) => value.slice(0, 2));
  const there = new Set<string>();
  for (let at = 0; at < text.length; at += 1)
    for (const value of byBeginning.get(text.slice(at, at + 2)) ?? [])
      if (!there.has(value) && text.startsWith(value, at)) there.add(value);
  return [...there];
}

test('a masked restore holds no original e-mail, phone or name, and its keys match', async () => {
  const url = await restore('masked', '--mask', 'staging');
  const text = await dump(url);
  assert.ok(originals.size > 3_000, String(originals.size));
  assert.deepEqual(found(originals, text), []);
  // And it would find them: the source's dump holds each that the last backup saw.
  const source = await dump(crm.url);
  const last = await personalValues();
  assert.equal(found(last, source).length, new Set(last).size);
  assert.deepEqual(findPersonal(text), []);
  assert.doesNotMatch(text, /mail\.example|crm\.example|王芳|Alice|Zoë|陈静|Dupré|晨星/);
  const unmatched = await query(
    url,
    `SELECT FROM crm.logins WHERE email NOT IN (SELECT email FROM crm.users)
     UNION ALL SELECT FROM pg_constraint WHERE NOT convalidated`,
  );
  assert.deepEqual(unmatched, []);
  const [counts] = await query(
    url,
    `SELECT (SELECT count(*)::int FROM crm.contacts) AS contacts,
       (SELECT count(*)::int FROM crm.logins) AS logins,
       (SELECT count(*)::int FROM crm.notes WHERE words = length(body)) AS notes,
       (SELECT count(*)::int FROM crm.activities WHERE details IS NOT NULL) AS details`,
  );
  const [there] = await query(
    crm.url,
    `SELECT (SELECT count(*)::int FROM crm.contacts) AS contacts,
       (SELECT count(*)::int FROM crm.logins) AS logins,
       (SELECT count(*)::int FROM crm.notes) AS notes, 0 AS details`,
  );
  assert.deepEqual(counts, there);
});

test('two restores with one key agree; another key gives other pseudonyms', async () => {
  const first = await dump(await restore('first', '--mask', 'staging'));
  assert.equal(await dump(await restore('second', '--mask', 'staging')), first);
  await configure({ staging: { ...profile, key: { file: identityFile } } });
  const other = await dump(await restore('third', '--mask', 'staging'));
  await configure({ staging: profile });
  assert.notEqual(other, first);
});

test('a drill under a profile proves the masked stream, and that nothing survives it', async () => {
  await configure({ staging: profile }, { mask: 'staging', probes: [] });
  const outcome: { evidence: Evidence } = JSON.parse(
    await succeed('drill', 'crm-database', '-i', identityFile, '--json'),
  );
  const outcomes = new Map(outcome.evidence.assertions.map(({ name, ...rest }) => [name, rest]));
  assert.equal(outcomes.get('what was masked is what was backed up')?.outcome, 'passed');
  assert.equal(outcomes.get('tables hold what was masked')?.outcome, 'passed');
  assert.equal(outcomes.get('no masked value survives')?.outcome, 'passed');
  assert.ok((outcomes.get('no masked value survives')?.compared ?? 0) >= 11);
});

test('a column without a rule that looks personal is reported, and an original in it fails the drill', async () => {
  const { 'crm.notes': _, ...tables } = profile.tables;
  await configure(
    { staging: { ...profile, tables: { ...tables, 'crm.accounts': { name: 'hash' } } } },
    { mask: 'staging' },
  );
  const url = await createDatabase('reported');
  const { stdout } = await run(
    'restore',
    'crm-database',
    '--to',
    url,
    '-i',
    identityFile,
    '--mask',
    'staging',
  );
  assert.match(stdout, /not masked: crm\.accounts\.custom: .*e-mail address/);
  assert.match(stdout, /not masked: crm\.notes\.body: /);
  const drill = await run('drill', 'crm-database', '-i', identityFile);
  await configure({ staging: profile });
  assert.equal(drill.exitCode, 7, drill.stdout + drill.stderr);
  assert.match(
    drill.stdout,
    /failed: crm\.notes\.body: holds an original value of crm\.contacts\.email/,
  );
});

test('a profile that does not fit the schema is refused before anything is written', async () => {
  const wrong = {
    ...profile,
    tables: {
      ...profile.tables,
      'crm.nothing': { x: 'hash' },
      'crm.users': { email: 'redact', nickname: 'hash', display_name: null },
      'crm.notes': { words: 'hash', body: { shiftDays: 3 } },
    },
  };
  await configure({ staging: wrong });
  const url = await createDatabase('refused');
  const { exitCode, stderr } = await run(
    'restore',
    'crm-database',
    '--to',
    url,
    '-i',
    identityFile,
    '--mask',
    'staging',
  );
  await configure({ staging: profile });
  assert.equal(exitCode, 3, stderr);
  assert.match(stderr, /mask-invalid/);
  for (const problem of [
    /crm\.nothing is no table/,
    /crm\.users\.nickname is no column/,
    /crm\.users\.display_name may not be null/,
    /crm\.users\.email is unique/,
    /crm\.logins\.email references crm\.users\.email/,
    /crm\.notes\.words is generated/,
    /crm\.notes\.body shiftDays cannot be applied to text/,
  ])
    assert.match(stderr, problem);
  assert.deepEqual(await query(url, `SELECT FROM pg_namespace WHERE nspname = 'crm'`), []);
});
