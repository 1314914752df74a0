import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { createChainSlot } from '../../../../backup-agent/sources/postgres/changes/aligned-snapshot.ts';
import { captureChanges } from '../../../../backup-agent/sources/postgres/changes/capture.ts';
import type { ChangeFeed } from '../../../../backup-agent/sources/postgres/changes/change-feed.ts';
import { firstFollowState } from '../../../../backup-agent/sources/postgres/changes/first-state.ts';
import { followStateName } from '../../../../backup-agent/sources/postgres/changes/follow-state.ts';
import { parseLsn } from '../../../../backup-agent/sources/postgres/changes/lsn.ts';
import {
  createPublicationsSql,
  publicationNames,
} from '../../../../backup-agent/sources/postgres/changes/publications.ts';
import { readFollowState } from '../../../../backup-agent/sources/postgres/changes/read-follow-state.ts';
import { replayChanges } from '../../../../backup-agent/sources/postgres/changes/replay.ts';
import { connect } from '../../../../backup-agent/sources/postgres/connection.ts';
import { resolveTarget } from '../../../../backup-agent/sources/postgres/connection-target.ts';
import { findServerBinaries } from '../../../../backup-agent/tools/postgres-binaries.ts';
import { digestTables } from './support/digest.ts';
import { MemoryRepository } from './support/memory-repository.ts';

const signal = new AbortController().signal;
const ddl = `
  CREATE TABLE public.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text,
    computed int GENERATED ALWAYS AS (id * 2) VIRTUAL,
    stored int GENERATED ALWAYS AS (id * 3) STORED);
  CREATE TABLE public.bare (v int)`;

test('the newest server is followed too, virtual generated columns included', async () => {
  const search = { folder: undefined, searchPath: process.env['PATH'] };
  await using server = await startThrowawayServer({
    binaries: await findServerBinaries(search, 18),
    settings: { wal_level: 'logical' },
  });
  const environment = {};
  const target = await resolveTarget({ url: await server.createDatabase('source'), environment });
  const copyTarget = await resolveTarget({ url: await server.createDatabase('copy'), environment });
  await using source = await connect(target, { signal });
  await using copy = await connect(copyTarget, { signal });
  for (const { client } of [source, copy]) await client.query(ddl);
  const names = publicationNames('newest');
  for (const sql of createPublicationsSql(names, [{ schema: 'public', name: 't' }])) {
    await source.client.query(sql);
  }
  const feed: ChangeFeed = {
    slot: 'newest',
    publications: [names.all, names.keyed],
    maxWalBytes: 2 ** 28,
    alignTimeoutMs: 10_000,
    connect: () => connect(target, { signal }),
    connectReplication: () => connect(target, { signal, replication: true }),
    dumpSchema: () => [Buffer.from(ddl)],
  };
  const repository = new MemoryRepository();
  {
    await using replication = await feed.connectReplication();
    const { point } = await createChainSlot(replication, feed.slot);
    const state = { ...(await firstFollowState(source.client, feed, point)), sequences: [] };
    const writer = repository.begin();
    await writer.writeMeta(followStateName, [Buffer.from(JSON.stringify(state))]);
    const about = { point: { time: new Date().toISOString(), lsn: state.point }, source: {} };
    await repository.commit({ writer, kind: 'full', problems: [], items: 0, ...about });
  }
  await source.client.query(`
    INSERT INTO public.t (v) SELECT 'x' FROM generate_series(1, 100);
    UPDATE public.t SET v = 'y' WHERE id < 10; DELETE FROM public.t WHERE id > 90;
    INSERT INTO public.bare VALUES (1)`);
  for await (const backup of captureChanges(feed, repository.run())) {
    await repository.commit(backup);
  }
  assert.deepEqual(repository.problems, []);
  const [, incremental] = repository.chain;
  assert.ok(incremental);
  const { changes, copies, tables } = await readFollowState(incremental, signal);
  assert.ok(changes);
  assert.deepEqual(
    copies.map(({ name, rows }) => [name, rows]),
    [['bare', 1]],
  );
  await replayChanges({
    client: copy.client,
    tables: tables
      .filter(({ coverage }) => coverage.level === 'commit')
      .map(({ oid, schema, name }) => ({ oid, schema, name, from: 0n })),
    changes: [
      {
        from: parseLsn(changes.from),
        to: parseLsn(changes.to),
        read: () => incremental.readObject(changes.object, signal),
      },
    ],
    target: { kind: 'end' },
    signal,
    progress: repository.run().progress,
  });
  await copy.client.query('INSERT INTO public.bare VALUES (1)');
  assert.deepEqual(await digestTables(copy.client), await digestTables(source.client));
});
