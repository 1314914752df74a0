import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../backup-agent/errors/holdfast-error.ts';
import { captureChanges } from '../../../backup-agent/sources/postgres/changes/capture.ts';
import { connect } from '../../../backup-agent/sources/postgres/connection.ts';
import { holdSlotSnapshot } from '../../../backup-agent/sources/postgres/full/snapshot.ts';
import { restorePostgres } from '../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import {
  readServerFacts,
  whyNoFollowing,
} from '../../../backup-agent/sources/postgres/server-facts.ts';
import { jobPublications } from '../../../backup-agent/sources/postgres/source-setup.ts';
import { changeFeed, resolveSetup } from '../../../backup-agent/sources/postgres/source.ts';
import {
  connectedClient,
  environment,
  job,
  never,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer({ settings: { wal_level: 'logical' } });
});
after(() => server[Symbol.asyncDispose]());

const setupOf = ({ configuration }: SourceFixture) =>
  resolveSetup({ configuration, environment, job, directory: '/' });

const oneTable = 'CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1)';

test('a publication that was dropped and made again, with the same name and content, leads to a full', async () => {
  await using source = await SourceFixture.create(server, 'remade');
  await source.query(oneTable);
  await source.prepare();
  await source.backUp('full');
  await source.query('INSERT INTO t VALUES (2); DROP PUBLICATION holdfast_crm_keyed');
  await source.prepare();
  await source.query('UPDATE t SET v = $$x$$');
  const [next] = await source.backUp('incremental');
  assert.equal(next?.kind, 'full');
  assert.match(next?.reason ?? '', /publication holdfast_crm_keyed was changed or made again/);
});

test('a role without the right to replicate takes fulls, and preflight says what is missing', async () => {
  await using source = await SourceFixture.create(server, 'no_right');
  await source.query(oneTable);
  await source.prepare('limited');
  await source.query('ALTER ROLE limited NOREPLICATION');
  const url = server.url('no_right').replace('postgres@', 'limited@');
  source.configuration = { ...source.configuration, url };
  const { findings } = await source.source().preflight(source.repository.run());
  const finding = findings.find(({ where }) => where === 'incrementals');
  assert.match(finding?.what ?? '', /the role limited has no REPLICATION right/);
  assert.match(finding?.fix ?? '', /holdfast source prepare/);
  const [full] = await source.backUp('full');
  assert.equal(full?.source['following'], false);
});

test('what keeps a server from being followed is named', async () => {
  await using source = await SourceFixture.create(server, 'named');
  await source.prepare();
  const facts = await readServerFacts(source.client);
  const names = jobPublications(job);
  assert.equal(await whyNoFollowing(source.client, facts, names), undefined);
  for (const [fact, why] of [
    [{ walLevel: 'replica' }, 'wal_level is replica, not logical'],
    [{ recovering: true }, 'the server is a standby'],
    [{ replication: false }, 'the role postgres has no REPLICATION right'],
  ] as const)
    assert.equal(await whyNoFollowing(source.client, { ...facts, ...fact }, names), why);
});

test('without a limit on what a slot keeps, preflight warns', async () => {
  await using source = await SourceFixture.create(server, 'unlimited');
  const warnings = async () => {
    const { findings } = await source.source().preflight(source.repository.run());
    return findings.filter(({ where }) => where === 'max_slot_wal_keep_size');
  };
  const settled = async (limit: string) => {
    await source.query('SELECT pg_reload_conf()');
    const query = `SELECT FROM pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting = '${limit}'`;
    while ((await source.query(query)).length === 0) await delay(20);
  };
  await source.query('ALTER SYSTEM RESET max_slot_wal_keep_size');
  await settled('-1');
  const [warning] = await warnings();
  assert.match(warning?.what ?? '', /fills the disk/);
  await source.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'`);
  await settled('1024');
  assert.deepEqual(await warnings(), []);
});

test('a table that is copied again ends exactly where the changes of the same incremental do', async () => {
  await using source = await SourceFixture.create(server, 'aligned');
  await source.query('CREATE TABLE keyed (id int PRIMARY KEY); CREATE TABLE bare (id int)');
  await source.prepare();
  const [full] = await source.backUp('full');
  await source.query('INSERT INTO keyed VALUES (1); INSERT INTO bare VALUES (1)');
  const feed = changeFeed(await setupOf(source), String(full?.source['slot']), never);
  // The temporary slot is made in this session, and the copies are read in the one opened next.
  let made = false;
  const connectReplication = async () => {
    made = true;
    return await feed.connectReplication();
  };
  const connectLater = async () => {
    if (made)
      await source.query(
        'BEGIN; INSERT INTO keyed VALUES (2); INSERT INTO bare VALUES (2); COMMIT',
      );
    made = false;
    return await feed.connect();
  };
  const run = source.repository.run();
  for await (const backup of captureChanges(
    { ...feed, connectReplication, connect: connectLater },
    run,
  ))
    await source.repository.commit(backup);
  await server.createDatabase('aligned_copy');
  const target = await source.target('aligned_copy');
  const { chain } = source.repository;
  await restorePostgres({ ...run, chain, target });
  await using restored = await connectedClient(server, 'aligned_copy');
  const { rows } = await restored.client.query(
    `SELECT (SELECT array_agg(id) FROM keyed) AS keyed, (SELECT array_agg(id) FROM bare) AS bare`,
  );
  assert.deepEqual(rows, [{ keyed: [1], bare: [1] }]);
  assert.equal(chain.length, 2);
});

test('the snapshot of a full does not end with the session that made it', async () => {
  await using source = await SourceFixture.create(server, 'exported');
  await source.query(oneTable);
  const setup = await setupOf(source);
  await using snapshot = await holdSlotSnapshot(setup, 'exported_t', never);
  const slot = `pg_replication_slots WHERE slot_name = 'exported_t'`;
  await source.query(
    `INSERT INTO t VALUES (2); SELECT pg_terminate_backend(active_pid) FROM ${slot}`,
  );
  // The slot is temporary, so it goes with its session.
  while ((await source.query(`SELECT FROM ${slot}`)).length > 0) await delay(20);
  await using lane = await connect(setup.target, { signal: never });
  await lane.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await lane.client.query(`SET TRANSACTION SNAPSHOT '${snapshot.name}'`);
  const { rows } = await lane.client.query('SELECT count(*)::int AS n FROM public.t');
  assert.deepEqual(rows, [{ n: 1 }]);
});

test('a slot that must wait for a transaction gives up and names the session, in whatever database', async () => {
  await using source = await SourceFixture.create(server, 'waits');
  const setup = await setupOf(source);
  await using other = await connectedClient(server, 'postgres');
  await other.client.query('BEGIN; CREATE TABLE uncommitted (id int)');
  await assert.rejects(holdSlotSnapshot(setup, 'waits_t', never, 200), (error) => {
    assert.ok(isHoldfastError(error, 'source-unsuitable'));
    assert.match(
      error.message,
      /transactions that do not end: process \d+ of postgres in postgres/,
    );
    return true;
  });
  await other.client.query('ROLLBACK');
  await using held = await holdSlotSnapshot(setup, 'waits_t', never, 60_000);
  assert.ok(held.point);
});

test('values are stored the same whatever the database sets for how they read', async () => {
  await using source = await SourceFixture.create(server, 'styles');
  await source.query(`CREATE TABLE t (id int PRIMARY KEY, d date, z timestamptz, i interval, f float8, b bytea);
    INSERT INTO t VALUES (1, '2024-02-03', '2024-02-03 04:05+00', '1 mon -2 days 03:04', 0.1::float8 + 0.2, '\\x00ff41');
    ALTER DATABASE styles SET datestyle = 'German'; ALTER DATABASE styles SET timezone = 'Asia/Tokyo';
    ALTER DATABASE styles SET intervalstyle = 'sql_standard';
    ALTER DATABASE styles SET extra_float_digits = -3;
    ALTER DATABASE styles SET bytea_output = 'escape'; ALTER DATABASE styles SET search_path = 'pg_temp'`);
  await source.prepare();
  await source.backUp('full');
  await source.query(
    'INSERT INTO t SELECT 2, d, z, i, f, b FROM t; UPDATE t SET d = d + 1 WHERE id = 1',
  );
  const [incremental] = await source.backUp('incremental');
  assert.equal(incremental?.kind, 'incremental');
  await server.createDatabase('styles_copy');
  const target = await source.target('styles_copy');
  await restorePostgres({ ...source.repository.run(), chain: source.repository.chain, target });
  await using restored = await connectedClient(server, 'styles_copy');
  const rows = `SELECT t::text FROM public.t ORDER BY id`;
  assert.deepEqual((await restored.client.query(rows)).rows, await source.query(rows));
});

test('a server that ends idle sessions does not end a backup', async (t) => {
  if (server.majorVersion < 14) return t.skip('only from version 14 on does a server end them');
  await using source = await SourceFixture.create(server, 'idle');
  await source.query(`${oneTable}; ALTER DATABASE idle SET idle_session_timeout = '100ms'`);
  await source.prepare();
  const setup = await setupOf(source);
  const settings = `SELECT name, setting FROM pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout') AND setting <> '0'`;
  for (const replication of [false, true]) {
    await using session = await connect(setup.target, { signal: never, replication });
    assert.deepEqual((await session.client.query(settings)).rows, []);
  }
  const [full] = await source.backUp('full');
  assert.equal(full?.source['following'], true);
});

test('the same job in two databases of a server: each keeps its slot and its own changes', async () => {
  await using one = await SourceFixture.create(server, 'one');
  await using two = await SourceFixture.create(server, 'two');
  for (const source of [one, two]) {
    await source.query(oneTable);
    await source.prepare();
    await source.backUp('full');
  }
  await one.query('INSERT INTO t VALUES (2), (3)');
  await two.query('INSERT INTO t VALUES (4)');
  for (const [source, changes] of [
    [one, 2],
    [two, 1],
  ] as const) {
    const [incremental] = await source.backUp('incremental');
    assert.equal(incremental?.kind, 'incremental', incremental?.reason ?? '');
    assert.equal(incremental?.source['changes'], changes);
  }
});

test('the schema that is stored has no random line of pg_dump, and is the same each time', async () => {
  await using source = await SourceFixture.create(server, 'stable');
  await source.query(oneTable);
  const schemas: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    await source.backUp('full');
    const [full] = source.repository.chain;
    const parts: Uint8Array[] = [];
    for await (const part of (await full?.readObject('schema.sql', never)) ?? []) parts.push(part);
    schemas.push(Buffer.concat(parts).toString('utf8'));
  }
  assert.equal(schemas[0], schemas[1]);
  assert.doesNotMatch(schemas[0] ?? '', /restrict/);
});
