import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formatLsn, parseLsn } from '../../../../backup-agent/sources/postgres/changes/lsn.ts';
import type { ReplayTarget } from '../../../../backup-agent/sources/postgres/changes/replay-target.ts';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import { namedMoment } from '../../../fixtures/postgres/named-moment.ts';
import { TestChain } from './support/chain.ts';
import { TestServer } from './support/test-server.ts';

let server: TestServer;
let chain: TestChain;
let beforeFive: ReplayTarget;
/** After each insert of one row: where the log stood, and the server's time. */
const moments: { readonly lsn: bigint; readonly timeUs: bigint }[] = [];

/** Ten rows, one a transaction: 0 before the full, then three backups of three rows each. */
before(async () => {
  server = await TestServer.start();
  await server.createDatabase('crm');
  chain = new TestChain(server, 'crm');
  await using session = await server.connect('crm');
  await session.client.query('CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE seen (id int)');
  await chain.publish();
  await addRow(session.client, 0);
  await chain.full();
  for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    if (id === 5) beforeFive = await namedMoment(session.client, `before 'five' 🐘`);
    await addRow(session.client, id);
    if (id % 3 === 0) await chain.incremental();
  }
  await chain.close();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

async function addRow(client: Awaited<ReturnType<TestServer['connect']>>['client'], id: number) {
  await client.query('INSERT INTO t VALUES ($1)', [id]);
  await client.query('INSERT INTO seen VALUES ($1)', [id]);
  const result = await client.query(`SELECT pg_current_wal_insert_lsn()::text AS lsn,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS time`);
  moments[id] = { lsn: parseLsn(result.rows[0].lsn), timeUs: BigInt(result.rows[0].time) };
}

let copies = 0;

async function restoredRows(target: ReplayTarget) {
  const copy = `copy_${++copies}`;
  const result = await chain.restore(copy, target);
  const found = await lastRows(copy);
  await server.recycle(copy);
  return { ...found, result };
}

async function lastRows(copy: string) {
  await using session = await server.session(copy);
  const rows = await session.client.query(
    `SELECT coalesce(max(id), -1) AS last, count(*)::int AS count FROM public.t`,
  );
  const boundary = await session.client.query('SELECT max(id) AS last FROM public.seen');
  return { ...rows.rows[0], boundary: boundary.rows[0].last as number };
}

function moment(id: number) {
  const found = moments[id];
  if (found === undefined) throw new Error(`no moment ${id}`);
  return found;
}

test('a target time or LSN between any two commits gives exactly the rows before it', async () => {
  for (const id of [1, 3, 4, 8]) {
    const { timeUs, lsn } = moment(id);
    for (const target of [{ kind: 'time', timeUs } as const, { kind: 'lsn', lsn } as const]) {
      const { last, count, result } = await restoredRows(target);
      assert.deepEqual({ last, count }, { last: id, count: id + 1 });
      assert.equal(result.targetReached, true);
    }
  }
});

test('a table that cannot be followed is said to stand at the backup before the target', async () => {
  const { timeUs } = moment(5);
  const { boundary } = await restoredRows({ kind: 'time', timeUs });
  assert.equal(boundary, 3);
  const plan = await chain.plan({ kind: 'time', timeUs });
  assert.deepEqual(
    plan.inexact.map(({ name }) => name),
    ['seen'],
  );
  assert.match(plan.inexact[0]?.reason ?? '', /no primary key/);
});

test('at the end, and at a backup’s own point, every table is exact', async () => {
  assert.equal((await restoredRows({ kind: 'end' })).boundary, 9);
  const point = (await chain.states())[2]?.point ?? '';
  const { last, boundary, result } = await restoredRows({ kind: 'lsn', lsn: parseLsn(point) });
  assert.deepEqual([last, boundary], [6, 6]);
  assert.equal(result.targetReached, true);
  assert.deepEqual((await chain.plan({ kind: 'lsn', lsn: parseLsn(point) })).inexact, []);
});

test('a marker stops the restore where it was set', async () => {
  const { last } = await restoredRows(beforeFive);
  assert.equal(last, 4);
});

test('the moment reached leads to itself, and what lies beyond is named', async () => {
  const { result } = await restoredRows({ kind: 'time', timeUs: moment(4).timeUs });
  assert.ok(result.reached && result.beyond);
  assert.ok(result.reached.commitTimeUs <= moment(4).timeUs);
  assert.ok(result.beyond.commitTimeUs > moment(4).timeUs);
  const again = await restoredRows({ kind: 'lsn', lsn: result.reached.endLsn });
  assert.equal(again.last, 4);
});

test('a time after the last commit is reached only as far as the backups go', async () => {
  const { last, result } = await restoredRows({ kind: 'time', timeUs: 4_102_444_800_000_000n });
  assert.equal(last, 9);
  assert.equal(result.targetReached, false);
});

test('a moment before the full and an unknown marker are refused', async () => {
  const refused = (error: unknown) => isHoldfastError(error, 'moment-not-covered');
  await assert.rejects(chain.plan({ kind: 'time', timeUs: 0n }), refused);
  await assert.rejects(chain.plan({ kind: 'lsn', lsn: 1n }), refused);
  await assert.rejects(chain.plan({ kind: 'mark', name: 'nowhere' }), refused);
});

test('a replay cannot go back behind what the database already has', async () => {
  const copy = `copy_${++copies}`;
  await chain.restore(copy, { kind: 'lsn', lsn: moment(5).lsn });
  await assert.rejects(chain.replay(copy, { kind: 'lsn', lsn: moment(4).lsn }), (error) =>
    isHoldfastError(error, 'replay-mismatch'),
  );
  await chain.replay(copy, { kind: 'lsn', lsn: moment(6).lsn });
  await using session = await server.session(copy);
  const rows = await session.client.query('SELECT max(id) AS last FROM public.t');
  assert.equal(rows.rows[0].last, 6, formatLsn(moment(6).lsn));
});
