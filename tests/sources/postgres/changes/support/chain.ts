import {
  createChainSlot,
  enterSnapshot,
} from '../../../../../backup-agent/sources/postgres/changes/aligned-snapshot.ts';
import { captureChanges } from '../../../../../backup-agent/sources/postgres/changes/capture.ts';
import type { ChangeFeed } from '../../../../../backup-agent/sources/postgres/changes/change-feed.ts';
import { firstFollowState } from '../../../../../backup-agent/sources/postgres/changes/first-state.ts';
import {
  followStateName,
  parseFollowState,
  type FollowState,
} from '../../../../../backup-agent/sources/postgres/changes/follow-state.ts';
import { parseLsn } from '../../../../../backup-agent/sources/postgres/changes/lsn.ts';
import {
  createPublicationsSql,
  publicationNames,
} from '../../../../../backup-agent/sources/postgres/changes/publications.ts';
import {
  replayChanges,
  type ReplayResult,
} from '../../../../../backup-agent/sources/postgres/changes/replay.ts';
import type { ReplayTarget } from '../../../../../backup-agent/sources/postgres/changes/replay-target.ts';
import { readSequences } from '../../../../../backup-agent/sources/postgres/changes/sequences.ts';
import { dropSlot } from '../../../../../backup-agent/sources/postgres/changes/slot.ts';
import { readTables } from '../../../../../backup-agent/sources/postgres/changes/table-catalog.ts';
import type { BackupReader, BackupRun } from '../../../../../backup-agent/sources/source.ts';
import { MemoryRepository } from './memory-repository.ts';
import type { TestServer } from './test-server.ts';

/** A database with a chain of backups: a full taken with pg_dump, and the incrementals under test. */
export class TestChain {
  readonly repository = new MemoryRepository();
  readonly server: TestServer;
  readonly database: string;
  feed: ChangeFeed;
  #fullDump = '';

  constructor(server: TestServer, database: string, feed: Partial<ChangeFeed> = {}) {
    this.server = server;
    this.database = database;
    const slot = database;
    const names = publicationNames(slot);
    this.feed = server.feed(database, { slot, publications: [names.all, names.keyed], ...feed });
  }

  /** Enrols every table that has an identity, as `source prepare` does. */
  async publish(): Promise<void> {
    await using session = await this.server.connect(this.database);
    const tables = await readTables(session.client, [], 15);
    const keyed = tables.filter(
      (table) =>
        (table.identity === 'f' || table.keyColumns !== null) &&
        table.persistence === 'p' &&
        table.kind === 'r',
    );
    for (const sql of createPublicationsSql(publicationNames(this.feed.slot), keyed)) {
      await session.client.query(sql);
    }
  }

  async full(): Promise<void> {
    await using replication = await this.feed.connectReplication();
    await using session = await this.feed.connect();
    const snapshot = await createChainSlot(replication, this.feed.slot);
    await enterSnapshot(session.client, snapshot);
    const options = ['--snapshot', snapshot.name, '--no-publications'];
    this.#fullDump = await this.server.pgDump(this.database, options);
    const sequences = await readSequences(session.client);
    const state = await firstFollowState(session.client, this.feed, snapshot.point, sequences);
    const writer = this.repository.begin();
    await writer.writeMeta(followStateName, [Buffer.from(JSON.stringify(state))]);
    const time = new Date().toISOString();
    const point = { time, lsn: state.point };
    this.repository.commit({ writer, kind: 'full', point, problems: [], source: {}, items: 0 });
  }

  /** As many incrementals as the backlog needs; the reason if a full is needed instead. */
  async incremental(run: BackupRun = this.repository.run()): Promise<string | undefined> {
    const backups = captureChanges(this.feed, run);
    for (;;) {
      const next = await backups.next();
      if (next.done) return next.value;
      this.repository.commit(next.value);
    }
  }

  /** Frees the slot; the server has few of them. */
  async close(): Promise<void> {
    await using session = await this.feed.connect();
    await dropSlot(session.client, this.feed.slot);
  }

  async states(): Promise<FollowState[]> {
    return Promise.all(this.repository.chain.map(readState));
  }

  /** Restores the full into a new database. */
  async restoreFull(into: string): Promise<void> {
    await this.server.createDatabase(into);
    await this.server.psql(into, this.#fullDump);
  }

  async replay(into: string, target: ReplayTarget = { kind: 'end' }): Promise<ReplayResult> {
    const [full, ...increments] = this.repository.chain;
    if (full === undefined) throw new Error('no full');
    const state = await readState(full);
    const from = parseLsn(state.point);
    await using session = await this.server.session(into);
    const { signal, progress } = this.repository.run();
    return await replayChanges({
      client: session.client,
      tables: state.tables
        .filter((table) => table.coverage.level === 'commit')
        .map(({ oid, schema, name }) => ({ oid, schema, name, from })),
      changes: await Promise.all(increments.map(storedChanges)),
      target,
      signal,
      progress,
    });
  }
}

async function storedChanges(backup: BackupReader) {
  const { changes } = await readState(backup);
  if (changes === undefined) throw new Error('an incremental without changes');
  return {
    from: parseLsn(changes.from),
    to: parseLsn(changes.to),
    read: (signal: AbortSignal) => backup.readObject(changes.object, signal),
  };
}

async function readState(backup: BackupReader): Promise<FollowState> {
  const chunks: Uint8Array[] = [];
  const signal = new AbortController().signal;
  for await (const chunk of await backup.readMeta(followStateName, signal)) chunks.push(chunk);
  return parseFollowState(Buffer.concat(chunks).toString());
}
