import assert from 'node:assert/strict';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import type { Evidence } from '../../contracts/evidence.ts';
import { startSourceServer } from '../fixtures/postgres/source-fixture.ts';
import { needing } from '../support/programs.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

type SourceServer = Awaited<ReturnType<typeof startSourceServer>>;

const person = 'Ann Lee <ann@lee.example>';
let installation: TestInstallation;
let server: SourceServer;
let databases = 0;

before(async () => {
  installation = await testInstallation(2);
  server = await startSourceServer();
  const { run, sql } = installation;
  await sql(`CREATE TABLE crm.people (id integer PRIMARY KEY, mail text NOT NULL UNIQUE);
    INSERT INTO crm.people SELECT n, 'p' || n || '@mail.example' FROM generate_series(1, 50) n;
    CREATE MATERIALIZED VIEW crm.titles AS SELECT id, title FROM crm.deals;
    INSERT INTO crm.deals (id, title) VALUES (9001, '${person}'), (9002, 'bought by ${person}')`);
  assert.equal((await run('backup', 'crm')).exitCode, 0);
});
after(async () => {
  await installation[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function restore(...options: string[]) {
  const url = await server.createDatabase(`restored_${(databases += 1)}`);
  const { identityFile, run } = installation;
  const rights = ['--no-owner', '--no-privileges', '-i', identityFile];
  const result = await run('restore', 'crm-database', '--to', url, ...rights, ...options);
  const ask = async (sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
    } finally {
      await client.end();
    }
  };
  return { ...result, ask };
}

const add = (...options: string[]) => installation.run('erase', 'add', 'crm-database', ...options);

test('a request is recorded in the job’s repository, and the copy brings it to one made later', async () => {
  await installation.sql(`DELETE FROM crm.deals WHERE id IN (9001, 9002)`);
  const added = await add(
    '--subject',
    person,
    '--column',
    'crm.deals.title',
    'crm.later.title',
    '--statement',
    `DELETE FROM crm.deals WHERE title LIKE '%' || $1`,
    '--proof',
    `SELECT count(*) FROM crm.deals WHERE title LIKE '%' || $1`,
  );
  assert.equal(added.exitCode, 5, added.stderr + added.stdout);
  assert.match(added.stdout, /recorded \S+ in primary\nnot in offsite, the next copy brings it/);
  assert.equal((await installation.run('copy', 'crm')).exitCode, 0);
  const list = await installation.run('erase', 'list', 'crm-database');
  assert.match(list.stdout, /primary, offsite/);
  assert.doesNotMatch(list.stdout, /Ann/);
  const revealed = await installation.run('erase', 'list', 'crm-database', '--reveal');
  assert.match(revealed.stdout, /Ann Lee/);
  const log = await installation.run('log', 'crm-database');
  assert.match(log.stdout, /erasure/);
});

test('neither the person nor what is erased stands in a repository in plain', async () => {
  for (const repository of ['primary', 'offsite']) {
    const folder = join(installation.directory, repository);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      const decoded = Buffer.from(
        /"payload": "([^"]*)"/.exec(bytes.toString('latin1'))?.[1] ?? '',
        'base64',
      );
      for (const content of [bytes, decoded])
        for (const word of ['Ann Lee', 'lee.example', 'title LIKE'])
          assert.ok(!content.includes(word), `${entry.name} holds ${word}`);
    }
  }
});

test('whoever was erased after the backup is absent from what is restored, from every repository', async () => {
  for (const from of ['primary', 'offsite']) {
    const { exitCode, stdout, stderr, ask } = await restore('--from', from);
    assert.equal(exitCode, 0, stderr + stdout);
    assert.match(stdout, /erasure ledger: 1 of 1 requests replayed and proven, 2 rows/);
    assert.deepEqual(await ask(`SELECT id FROM crm.deals WHERE title LIKE '%Ann Lee%'`), []);
    assert.deepEqual(await ask('SELECT count(*)::int FROM crm.deals'), [2000]);
    assert.deepEqual(await ask(`SELECT id FROM crm.titles WHERE title LIKE '%Ann Lee%'`), []);
  }
});

async function drill(): Promise<{ evidence: Evidence; exitCode: number | undefined }> {
  const { run, identityFile } = installation;
  const { exitCode, stdout } = await run('drill', 'crm-database', '-i', identityFile, '--json');
  return { exitCode, evidence: JSON.parse(stdout).evidence };
}

const erased = ({ assertions }: Evidence) =>
  assertions.find(({ name }) => name === 'erased people are absent');

test('a drill compares the content first, then erases, and its evidence says how many', async () => {
  const { exitCode, evidence } = await drill();
  assert.equal(exitCode, 0, JSON.stringify(evidence.assertions));
  assert.deepEqual(evidence.erasures, { requests: 1, applied: 1 });
  assert.equal(erased(evidence)?.outcome, 'passed');
  assert.equal(evidence.totals.rows, 2000 + 2 + 50 + 2);
});

test('a masked restore erases people under their pseudonyms', async () => {
  const { configFile, identityFile } = installation;
  const configuration = parse(await readFile(configFile, 'utf8'));
  configuration.maskingProfiles = {
    staging: {
      key: { file: identityFile },
      tables: { 'crm.people': { mail: { pseudonym: 'email' } } },
    },
  };
  await writeFile(configFile, stringify(configuration));
  const added = await add('--subject', 'p7@mail.example', '--column', 'crm.people.mail');
  assert.equal(added.exitCode, 0, added.stderr);
  const { exitCode, stdout, stderr, ask } = await restore('--mask', 'staging');
  assert.equal(exitCode, 0, stderr + stdout);
  assert.deepEqual(await ask('SELECT count(*)::int FROM crm.people WHERE id = 7'), [0]);
  assert.deepEqual(await ask(`SELECT count(*)::int FROM crm.people WHERE mail LIKE 'm-%'`), [49]);
});

test('people erased before the restored moment are only looked for; one who is there is told', async () => {
  await installation.sql(`DELETE FROM crm.people WHERE id = 8`);
  const gone = ['--subject', 'p8@mail.example', '--column', 'crm.people.mail'];
  assert.equal((await add(...gone)).exitCode, 0);
  // p7 was recorded as erased, and is still at the source.
  assert.equal((await installation.run('backup', 'crm')).exitCode, 0);
  const { stdout, ask } = await restore();
  assert.match(stdout, /0 of 3 requests replayed/);
  assert.match(stdout, /look at erasure \S+: erased before this moment, and something is there/);
  assert.deepEqual(await ask('SELECT count(*)::int FROM crm.people WHERE id = 7'), [1]);
  const { exitCode, evidence } = await drill();
  assert.equal(exitCode, 0);
  assert.deepEqual(evidence.erasures, { requests: 3, applied: 0 });
  assert.equal(erased(evidence)?.outcome, 'unproven');
});

/** The work, while a repository cannot be reached. */
async function without<Result>(repository: string, work: () => Promise<Result>): Promise<Result> {
  const folder = join(installation.directory, repository);
  await rename(folder, `${folder}-away`);
  try {
    return await work();
  } finally {
    await rename(`${folder}-away`, folder);
  }
}

const countOf = (id: number) => `SELECT count(*)::int FROM crm.people WHERE id = ${id}`;

test('a request that one repository lacks is replayed in what is restored from it, too', async () => {
  const { run, directory } = installation;
  const add10 = () => add('--subject', 'p10@mail.example', '--column', 'crm.people.mail');
  const added = await without('offsite', add10);
  assert.equal(added.exitCode, 5, added.stderr);
  assert.match(added.stdout, /recorded \S+ in primary\nnot in offsite, the next copy brings it/);
  const fromCopy = await restore('--from', 'offsite');
  assert.equal(fromCopy.exitCode, 0, fromCopy.stderr);
  assert.deepEqual(await fromCopy.ask(countOf(10)), [0]);
  assert.doesNotMatch(fromCopy.stdout, /was not read/);

  // The primary as a copy of its own disk brings it back: from before the request.
  const primary = join(directory, 'primary');
  await cp(primary, `${primary}-before`, { recursive: true });
  const add11 = await add('--subject', 'p11@mail.example', '--column', 'crm.people.mail');
  assert.equal(add11.exitCode, 0, add11.stderr);
  await rename(primary, `${primary}-after`);
  await rename(`${primary}-before`, primary);
  await rename(join(directory, '.holdfast-state'), join(directory, 'state-away'));
  const { exitCode, stdout, ask } = await restore();
  await rm(join(directory, '.holdfast-state'), { recursive: true });
  await rename(join(directory, 'state-away'), join(directory, '.holdfast-state'));
  await rm(primary, { recursive: true });
  await rename(`${primary}-after`, primary);
  assert.equal(exitCode, 0, stdout);
  assert.deepEqual(await ask(countOf(11)), [0]);
  const list = await run('erase', 'list', 'crm-database');
  assert.equal(list.exitCode, 0, list.stderr);
  assert.match(list.stdout, /primary, not in offsite/);
  assert.equal((await run('copy', 'crm')).exitCode, 0);
  assert.doesNotMatch((await run('erase', 'list', 'crm-database')).stdout, /not in/);
});

test('whoever restores while a ledger cannot be read is told so, and so does the evidence', async () => {
  const { run, identityFile } = installation;
  await without('primary', async () => {
    const restored = await restore('--from', 'offsite');
    assert.equal(restored.exitCode, 0, restored.stderr);
    assert.match(
      restored.stdout,
      /only primary has recorded may be in the target; it was not read/,
    );
    assert.deepEqual(await restored.ask(countOf(10)), [0]);
    const argv = ['drill', 'crm-database', '--from', 'offsite', '-i', identityFile, '--json'];
    const drilled = await run(...argv);
    assert.equal(drilled.exitCode, 0, drilled.stderr);
    const { evidence }: { evidence: Evidence } = JSON.parse(drilled.stdout);
    assert.deepEqual(evidence.unreadLedgers, ['primary']);
    assert.equal(erased(evidence)?.outcome, 'unproven');
    assert.equal(evidence.erasures?.applied, 2);
    const list = await run('erase', 'list', 'crm-database');
    assert.equal(list.exitCode, 5);
    assert.match(list.stderr, /the ledger in primary could not be read/);
    assert.match(list.stdout, /offsite/);
  });
});

test('a request whose proof still finds the person changes nothing, and fails restore and drill', async () => {
  const added = await add(
    '--subject',
    'p9@mail.example',
    '--statement',
    'DELETE FROM crm.people WHERE mail = upper($1) OR id < 5',
    '--proof',
    'SELECT mail = $1 FROM crm.people WHERE mail = $1',
  );
  assert.equal(added.exitCode, 0, added.stderr);
  const { exitCode, stdout, ask } = await restore();
  assert.equal(exitCode, 5, stdout);
  assert.match(stdout, /NOT ERASED: the proof still finds something; nothing was changed/);
  assert.deepEqual(await ask('SELECT count(*)::int FROM crm.people'), [47]);
  const drilled = await drill();
  assert.equal(drilled.exitCode, 7);
  assert.equal(erased(drilled.evidence)?.failed, 1);
});

test('by RECOVER.md alone the ledger can be read', needing('age', 'zstd'), async () => {
  const repository = join(installation.directory, 'primary');
  const page = await readFile(join(repository, 'RECOVER.md'), 'utf8');
  const commands = /^## 5\. .*?^```sh\n(.*?)^```/ms.exec(page)?.[1] ?? '';
  const { stdout } = await execa('sh', ['-euc', commands], {
    cwd: repository,
    env: { JOB: 'crm-database', IDENTITY: installation.identityFile },
  });
  const requests = stdout.split('\n').map((line) => JSON.parse(line));
  assert.equal(requests[0].subject, person);
  assert.equal(requests.length, 6);
});

test('an altered request is found by verify and never replayed', async () => {
  const { directory, run } = installation;
  const folder = join(directory, 'primary', 'jobs', 'crm-database', 'erasures');
  const file = join(folder, (await readdir(folder))[0] ?? '');
  const original = await readFile(file);
  const altered = Buffer.from(original);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  await writeFile(file, altered);
  const verified = await run('verify', 'crm-database', '--read', '100%');
  assert.equal(verified.exitCode, 6, verified.stdout);
  assert.match(verified.stdout + verified.stderr, /erasures\//);
  const { exitCode, stderr } = await restore();
  assert.equal(exitCode, 6, stderr);
  const repaired = await run('repair', 'crm-database', '--from', 'offsite');
  assert.equal(repaired.exitCode, 0, repaired.stdout + repaired.stderr);
  assert.deepEqual(await readFile(file), original);
});

test('a request without a step, a proof, a person or the curator’s key is refused', async () => {
  for (const options of [
    ['--subject', 'x'],
    ['--column', 'a.b.c'],
    ['--subject', 'x', '--column', 'b.c'],
    ['--subject', 'x', '--statement', 'SELECT 1'],
    ['--subject', 'x', '--column', 'a.b.c', '--erased-at', '2999-01-01T00:00:00Z'],
  ]) {
    const { exitCode, stderr } = await add(...options);
    assert.equal(exitCode, 2, stderr);
  }
});
