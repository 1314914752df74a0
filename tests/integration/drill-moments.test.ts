import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { parse, stringify } from 'yaml';
import type { Evidence } from '../../contracts/evidence.ts';
import { startSourceServer } from '../fixtures/postgres/source-fixture.ts';
import { testInstallation, type TestInstallation } from '../support/installation.ts';

let installation: TestInstallation;
/** For what is restored, and borrowed. */
let server: Awaited<ReturnType<typeof startSourceServer>>;
let between: Date;

before(async () => {
  installation = await testInstallation(2);
  server = await startSourceServer();
  const { run, sql } = installation;
  assert.equal((await run('backup', 'crm')).exitCode, 0);
  await sql(`INSERT INTO crm.deals (id, title) VALUES (3001, 'before')`);
  // Two commits must not share the millisecond in between.
  await delay(20);
  between = new Date();
  await delay(20);
  await sql(
    `DELETE FROM crm.deals WHERE id BETWEEN 1001 AND 1099; UPDATE crm.deals SET title = 'after';
     CREATE ROLE late; GRANT SELECT ON crm.deals TO late; CREATE EXTENSION hstore`,
  );
  assert.equal((await run('backup', 'crm')).exitCode, 0);
  assert.equal((await run('copy', 'crm')).exitCode, 0);
});
after(async () => {
  await installation[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function drill(...options: string[]): Promise<Evidence> {
  const { run, identityFile } = installation;
  const argv = ['drill', 'crm-database', '--identity', identityFile, '--json', ...options];
  const { exitCode, stdout, stderr } = await run(...argv);
  assert.equal(exitCode, 0, stderr + stdout);
  const { evidence }: { evidence: Evidence } = JSON.parse(stdout);
  return evidence;
}

test('a drill of a moment proves the rows of that moment, not those of the end', async () => {
  const evidence = await drill('--at', between.toISOString());
  assert.equal(evidence.wanted, between.toISOString());
  assert.ok(new Date(evidence.backup.point.time) <= between, evidence.backup.point.time);
  assert.equal(evidence.totals.rows, 2000 + 1 + 2);
  const end = await drill();
  assert.equal(end.totals.rows, 2000 + 1 + 2 - 99);
});

test('a moment before the first full is refused', async () => {
  const { run, identityFile } = installation;
  const early = '2020-01-01T00:00:00Z';
  const { exitCode, stderr } = await run(
    'drill',
    'crm-database',
    '--at',
    early,
    '--identity',
    identityFile,
  );
  assert.equal(exitCode, 2, stderr);
  assert.match(stderr, /moment-not-covered/);
});

test('a random moment is within the chain, and repositories take turns', async () => {
  const first = await drill('--at', 'random', '--from', 'alternate');
  const second = await drill('--from', 'alternate');
  assert.notEqual(first.repository, second.repository);
  assert.ok((first.wanted ?? '9') < second.backup.point.time, JSON.stringify(first));
});

test('a borrowed database is taken only empty, and given back empty', async () => {
  const url = await server.createDatabase('borrowed');
  const { configFile, crm, identityFile, run } = installation;
  const original = await readFile(configFile, 'utf8');
  const use = async (dsn: string) => {
    const configuration = parse(original);
    const { drill } = configuration.jobs['crm-database'];
    drill.sandbox = { type: 'dsn', url: dsn };
    await writeFile(configFile, stringify(configuration));
  };
  const comment = `SELECT shobj_description(oid, 'pg_database') AS comment
    FROM pg_database WHERE datname = 'borrowed'`;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await use(url);
    await client.query(`COMMENT ON DATABASE borrowed IS 'lent'`);
    const evidence = await drill();
    assert.equal(evidence.sandbox.type, 'dsn');
    const unproven = evidence.assertions.filter(({ outcome }) => outcome === 'unproven');
    assert.ok(
      unproven.some(({ name }) => name.includes('grants')),
      JSON.stringify(unproven),
    );
    const { rows } = await client.query(`SELECT nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`);
    assert.deepEqual(rows, [{ nspname: 'public' }]);
    await client.query('CREATE TABLE precious ()');
    assert.deepEqual((await client.query(comment)).rows, [{ comment: 'lent' }]);
    const refused = await run('drill', 'crm-database', '--identity', identityFile);
    assert.equal(refused.exitCode, 12, refused.stderr);
    assert.match(refused.stderr, /precious/);
    await client.query('SELECT FROM precious');
    await use(crm.url);
    const source = await run('drill', 'crm-database', '--identity', identityFile);
    assert.equal(source.exitCode, 12, source.stderr);
    assert.match(source.stderr, /is a database that is backed up/);
    const alias = join(installation.directory, 'alias');
    const [, host = ''] = /host=([^&]+)/.exec(crm.url) ?? [];
    await symlink(decodeURIComponent(host), alias);
    await use(crm.url.replace(host, encodeURIComponent(alias)));
    const aliased = await run('drill', 'crm-database', '--identity', identityFile);
    assert.equal(aliased.exitCode, 12, aliased.stderr);
    assert.match(aliased.stderr, /is somebody's source: the slot \w+ follows/);
  } finally {
    await client.end();
    await writeFile(configFile, original);
  }
});

test('a restore to a moment finds the chain that leads there, though a newer full exists', async () => {
  const { run, identityFile } = installation;
  assert.equal((await run('backup', 'crm-database', '--kind', 'full')).exitCode, 0);
  const url = await server.createDatabase('restored');
  const rights = ['--no-owner', '--no-privileges', '--identity', identityFile];
  const restored = await run(
    'restore',
    'crm-database',
    '--to',
    url,
    '--at',
    between.toISOString(),
    ...rights,
  );
  assert.equal(restored.exitCode, 0, restored.stderr + restored.stdout);
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS deals FROM crm.deals');
  await client.end();
  assert.deepEqual(rows, [{ deals: 2001 }]);
});

test('a dry run checks and estimates, and writes nothing; a restore says what was lost since', async () => {
  const { run, identityFile } = installation;
  const url = await server.createDatabase('previewed');
  const rights = ['--no-owner', '--no-privileges', '-i', identityFile];
  const asked = ['restore', 'crm-database', '--to', url, '--at', between.toISOString(), ...rights];
  const preview = await run(...asked, '--dry-run', '--json');
  assert.equal(preview.exitCode, 0, preview.stderr);
  const estimate = JSON.parse(preview.stdout);
  assert.equal(estimate.database.database, 'empty');
  assert.equal(estimate.database.rows, 2000 + 2);
  assert.ok(estimate.database.changes > 2000 && estimate.fetchBytes > 1000, preview.stdout);
  assert.match(estimate.time.drill, /^\d{8}T/);
  const missing = url.replace('previewed', 'missing');
  const other = await run('restore', 'crm-database', '--to', missing, ...rights, '--dry-run');
  assert.match(other.stdout, /does not exist and would be created[^]*nothing was written/);
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`SELECT datname FROM pg_database WHERE datname = 'missing'
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname IN ('crm', 'holdfast_restore')`);
  await client.end();
  assert.deepEqual(rows, []);
  const restored = await run(...asked);
  assert.match(restored.stdout, /lost since: .* of changes that the backups still hold, up to /);
  const again = await run(...asked, '--dry-run');
  assert.equal(again.exitCode, 12, again.stderr);
  assert.match(again.stderr, /target-not-empty/);
});
