import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createChainSlot } from '../../../../backup-agent/sources/postgres/changes/aligned-snapshot.ts';
import { publicationNames } from '../../../../backup-agent/sources/postgres/changes/publications.ts';
import {
  advanceSlot,
  judgeSlot,
  slotStatus,
  type SlotStatus,
} from '../../../../backup-agent/sources/postgres/changes/slot.ts';
import {
  forgetJob,
  guardSlot,
} from '../../../../backup-agent/sources/postgres/changes/slot-safety.ts';
import { TestChain } from './support/chain.ts';
import { TestServer } from './support/test-server.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

const mebibyte = 1024 * 1024;
const limits = { warnBytes: 10 * mebibyte, dropBytes: 100 * mebibyte };

const healthy: SlotStatus = {
  name: 'crm',
  plugin: 'pgoutput',
  slotType: 'logical',
  database: 'crm',
  activePid: null,
  walStatus: 'reserved',
  safeWalSize: null,
  restartLsn: 1n,
  confirmedLsn: 1n,
  retainedBytes: 1n,
  backlogBytes: 1n,
  limitMegabytes: -1,
};

test('a slot is warned about from one size on, and dropped from another', () => {
  const verdict = (retained: number) =>
    judgeSlot({ ...healthy, retainedBytes: BigInt(retained) }, limits).action;
  assert.equal(verdict(10 * mebibyte - 1), 'none');
  assert.equal(verdict(10 * mebibyte), 'warn');
  assert.equal(verdict(100 * mebibyte - 1), 'warn');
  assert.equal(verdict(100 * mebibyte), 'drop');
  const never = { warnBytes: 1, dropBytes: undefined };
  assert.equal(judgeSlot({ ...healthy, retainedBytes: 2n ** 60n }, never).action, 'warn');
});

test('a slot that is lost or about to be is warned about, however small', () => {
  assert.equal(judgeSlot({ ...healthy, walStatus: 'lost' }, limits).action, 'warn');
  assert.equal(judgeSlot({ ...healthy, walStatus: 'unreserved' }, limits).action, 'warn');
});

test('the server’s own figures grow with the log, and shrink with an advance', async () => {
  await server.createDatabase('watched');
  const chain = new TestChain(server, 'watched');
  await using replication = await chain.feed.connectReplication();
  await createChainSlot(replication, chain.feed.slot);
  await using session = await server.connect('watched');
  const small = await slotStatus(session.client, chain.feed.slot);
  await session.client.query(
    `CREATE TABLE t (v text); INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 5000)`,
  );
  const grown = await slotStatus(session.client, chain.feed.slot);
  assert.ok(small?.backlogBytes !== null && grown?.backlogBytes !== null);
  assert.ok((grown?.backlogBytes ?? 0n) > (small?.backlogBytes ?? 0n) + 5_000_000n);
  assert.equal(grown?.limitMegabytes, 2048);
  const end = await session.client.query('SELECT pg_current_wal_flush_lsn()::text AS lsn');
  const [high = '0', low = '0'] = String(end.rows[0].lsn).split('/');
  await advanceSlot(session.client, chain.feed.slot, BigInt(`0x${high}${low.padStart(8, '0')}`));
  const advanced = await slotStatus(session.client, chain.feed.slot);
  assert.ok((advanced?.backlogBytes ?? 10n ** 9n) < 100_000n);
  await chain.close();
});

test('at the limit the slot is dropped and the next run says that a full is needed', async () => {
  await server.createDatabase('full_disk');
  await using session = await server.connect('full_disk');
  await session.client.query('CREATE TABLE t (id int PRIMARY KEY)');
  const chain = new TestChain(server, 'full_disk');
  await chain.publish();
  await chain.full();
  await session.client.query('INSERT INTO t SELECT generate_series(1, 20000)');
  const { log } = chain.repository.run();
  const said: string[] = [];
  const loud = { ...log, warn: (_: object, text: string) => void said.push(text) };
  const slot = chain.feed.slot;
  const kept = await guardSlot(session.client, slot, { warnBytes: 1, dropBytes: 2 ** 40 }, loud);
  assert.equal(kept.action, 'warn');
  const gone = await guardSlot(session.client, slot, { warnBytes: 1, dropBytes: 2 }, loud);
  assert.equal(gone.action, 'drop');
  assert.equal(said.length, 2);
  assert.equal(await slotStatus(session.client, slot), undefined);
  assert.match((await chain.incremental()) ?? '', /is missing/);
  const again = await guardSlot(session.client, slot, { warnBytes: 1, dropBytes: 2 }, loud);
  assert.equal(again.action, 'none');
});

test('a job that is forgotten leaves nothing on the server, and others keep theirs', async () => {
  await server.createDatabase('forgotten');
  const chain = new TestChain(server, 'forgotten');
  await chain.publish();
  await chain.full();
  await using session = await server.connect('forgotten');
  await session.client.query(`SELECT pg_create_logical_replication_slot('foreign', 'pgoutput')`);
  const names = publicationNames(chain.feed.slot);
  const ours = (slot: string) => slot === chain.feed.slot;
  assert.deepEqual(await forgetJob(session.client, ours), {
    slots: ['forgotten'],
    publications: [],
  });
  const { publications } = await forgetJob(session.client, ours, names);
  assert.deepEqual(publications.toSorted(), [names.all, names.keyed]);
  assert.deepEqual(await forgetJob(session.client, ours, names), { slots: [], publications: [] });
  await forgetJob(session.client, () => true);
});
