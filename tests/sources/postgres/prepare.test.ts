import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import {
  applyPreparation,
  planPreparation,
} from '../../../backup-agent/sources/postgres/prepare/prepare-source.ts';
import {
  preparationScript,
  preparationSteps,
  type PreparationFacts,
} from '../../../backup-agent/sources/postgres/prepare/preparation.ts';
import {
  connectedClient,
  job,
  never,
  openClient,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer();
});
after(() => server[Symbol.asyncDispose]());

async function asAgent(source: SourceFixture, role: string): Promise<void> {
  const url = server.url(source.database).replace('postgres@', `${role}@`);
  source.configuration = { ...source.configuration, url };
}

const content = `
  CREATE SCHEMA "My App"; CREATE TABLE "My App".a (id int PRIMARY KEY, v text);
  INSERT INTO "My App".a VALUES (1, 'x'); CREATE SEQUENCE "My App".s;
  CREATE TABLE no_key (id int); CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY LIST (id);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
  CREATE TABLE guarded (id int PRIMARY KEY); INSERT INTO guarded VALUES (1);
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY`;

test('the role that is printed can back up, full and incremental, with nothing missing', async () => {
  await using source = await SourceFixture.create(server, 'least');
  await source.query(content);
  await source.prepare('least_role');
  await asAgent(source, 'least_role');
  const [full] = await source.backUp('full');
  assert.deepEqual(full?.problems, []);
  await source.query(`UPDATE "My App".a SET v = 'y'`);
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
  assert.deepEqual(incremental?.problems, []);
  const { findings } = await source.source().preflight(source.repository.run());
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('that role can write nothing and is no superuser', async () => {
  await using source = await SourceFixture.create(server, 'no_more');
  await source.query(content);
  await source.prepare('reading_role');
  // Before version 15 every role may create there, which the preparation says and leaves as it is.
  await source.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  const client = openClient(server, 'no_more', 'reading_role');
  await client.connect();
  try {
    for (const forbidden of [
      `INSERT INTO "My App".a VALUES (2, 'z')`,
      `UPDATE "My App".a SET v = 'z'`,
      'DELETE FROM guarded',
      'TRUNCATE no_key',
      'CREATE TABLE public.mine (id int)',
      'CREATE ROLE other',
      'CREATE DATABASE other',
      `SELECT nextval('"My App".s')`,
      'DROP PUBLICATION holdfast_crm_all',
      `SELECT pg_read_file('postgresql.conf')`,
    ])
      await assert.rejects(client.query(forbidden), { code: '42501' }, forbidden);
  } finally {
    await client.end();
  }
});

test('prepared once, nothing is left to do; a new table is enrolled by preparing again', async () => {
  await using source = await SourceFixture.create(server, 'again');
  await source.query(content);
  await source.prepare('again_role');
  const options = {
    target: await source.target(),
    job,
    role: 'again_role',
    slotDropBytes: 2 ** 30,
    signal: never,
  };
  const about = async () =>
    (await planPreparation(options)).filter(({ sql }) => sql.length > 0).map((step) => step.about);
  assert.deepEqual(await about(), ['role']);
  await source.query('CREATE TABLE migrated (id int PRIMARY KEY)');
  assert.deepEqual(await about(), ['role', 'publication']);
  await applyPreparation(options);
  assert.deepEqual(await about(), ['role']);
});

test('a schema where every role may create is told, with the statement that ends it, and left so', async () => {
  await using source = await SourceFixture.create(server, 'open');
  await source.query(`CREATE SCHEMA "Op en"; GRANT CREATE ON SCHEMA "Op en" TO PUBLIC;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA closed`);
  await source.prepare('open_role');
  const target = await source.target();
  const options = { target, job, role: 'open_role', slotDropBytes: 2 ** 30, signal: never };
  const told = async () =>
    (await planPreparation(options)).filter(({ why }) => why.startsWith('every role'));
  const [step] = await told();
  assert.deepEqual(step?.sql, []);
  assert.match(step.why, /may create tables in Op en$/);
  const [revoke = ''] = /^REVOKE .* FROM PUBLIC/.exec(step.byHand ?? '') ?? [];
  await source.query(revoke);
  assert.deepEqual(await told(), []);
});

test('the application’s updates go on working, on tables without an identity too', async () => {
  await using source = await SourceFixture.create(server, 'writes');
  await source.query(content);
  await source.query(`INSERT INTO no_key VALUES (1); CREATE TABLE deferred (
    id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED); INSERT INTO deferred VALUES (1)`);
  await source.prepare('writes_role');
  await source.query(`UPDATE no_key SET id = 2; DELETE FROM no_key; UPDATE deferred SET id = 3;
    UPDATE guarded SET id = 3; INSERT INTO parted VALUES (1); UPDATE parted SET id = 1`);
});

test('an identity that is removed after enrolment is an error of preflight, with the statement that mends it', async () => {
  await using source = await SourceFixture.create(server, 'harmed');
  await source.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
  await source.prepare('harmed_role');
  await source.query('ALTER TABLE a DROP CONSTRAINT a_pkey');
  await assert.rejects(source.query('UPDATE a SET id = 2'), { code: '55000' });
  const { findings } = await source.source().preflight(source.repository.run());
  const finding = findings.find(({ what }) => what.includes('lost its identity'));
  assert.equal(finding?.severity, 'error');
  await source.query(finding?.fix ?? '');
  await source.query('UPDATE a SET id = 2');
});

test('an administrator without the rights is told which statement failed', async () => {
  await using source = await SourceFixture.create(server, 'weak');
  await source.query('CREATE ROLE weak_admin LOGIN');
  const target = { ...(await source.target()), user: 'weak_admin' };
  const options = { target, job, role: 'x', slotDropBytes: 2 ** 30, signal: never };
  await assert.rejects(applyPreparation(options), { code: 'source-denied' });
  await using session = await connectedClient(server, 'weak');
  const { rows } = await session.client.query(`SELECT FROM pg_roles WHERE rolname = 'x'`);
  assert.equal(rows.length, 0);
});

const facts: PreparationFacts = {
  server: {
    version: '16.4',
    majorVersion: 16,
    database: 'crm',
    encoding: 'UTF8',
    collate: 'C',
    ctype: 'C',
    recovering: false,
    role: 'admin',
    superuser: false,
    replication: false,
    bypassRls: false,
    walLevel: 'replica',
    slotsLimit: 10,
    slotsUsed: 0,
    sendersLimit: 10,
    sendersUsed: 0,
    keepMegabytes: -1,
    managed: true,
  },
  enrolment: { keyed: [{ schema: 'a"b', name: 'c' }], enrolled: [], harmful: [] },
  publications: { all: 'h_all', keyed: 'h_keyed' },
  existing: [],
  role: 'agent',
  roleExists: false,
  schemas: ['public'],
  openSchemas: [],
  rowSecurity: false,
  keepMegabytes: 8192,
};

test('for RDS the parameters are in RDS’s words, and replication is its role', () => {
  const script = preparationScript(preparationSteps(facts));
  assert.match(script, /By hand: set rds\.logical_replication = 1 in the parameter group/);
  assert.match(script, /max_slot_wal_keep_size = 8192 in the parameter group/);
  assert.match(script, /GRANT rds_replication TO "agent";/);
  assert.doesNotMatch(script, /ALTER SYSTEM|ROLE "agent" LOGIN REPLICATION/);
  assert.match(script, /FOR TABLE ONLY "a""b"\."c" WITH \(publish = 'update, delete'\)/);
});

test('before version 14, reading is granted schema by schema', () => {
  const old = { ...facts, server: { ...facts.server, majorVersion: 13, managed: false } };
  const script = preparationScript(preparationSteps(old));
  assert.match(script, /GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "agent";/);
  assert.doesNotMatch(script, /pg_read_all_data/);
});
