import { createChainSlot } from '../../../../../backup-agent/sources/postgres/changes/aligned-snapshot.ts';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { schemaObjectName } from '../../../../../backup-agent/sources/postgres/changes/capture-step.ts';
import { copyTables } from '../../../../../backup-agent/sources/postgres/changes/table-copy.ts';
import {
  quoteIdentifier,
  quoteQualified,
} from '../../../../../backup-agent/sources/postgres/changes/quote.ts';
import {
  planRestore,
  type RestorePlan,
} from '../../../../../backup-agent/sources/postgres/changes/restore-plan.ts';
import { captureChanges } from '../../../../../backup-agent/sources/postgres/changes/capture.ts';
import type { ChangeFeed } from '../../../../../backup-agent/sources/postgres/changes/change-feed.ts';
import { firstFollowState } from '../../../../../backup-agent/sources/postgres/changes/first-state.ts';
import {
  followStateName,
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
  type StoredChanges,
} from '../../../../../backup-agent/sources/postgres/changes/replay.ts';
import type { ReplayTarget } from '../../../../../backup-agent/sources/postgres/changes/replay-target.ts';
import { readFollowState } from '../../../../../backup-agent/sources/postgres/changes/read-follow-state.ts';
import { readSequences } from '../../../../../backup-agent/sources/postgres/changes/sequences.ts';
import { SnapshotReader } from '../../../../../backup-agent/sources/postgres/changes/snapshot-reader.ts';
import { dropSlot } from '../../../../../backup-agent/sources/postgres/changes/slot.ts';
import { readServerIdentity } from '../../../../../backup-agent/sources/postgres/changes/server-identity.ts';
import { readTables } from '../../../../../backup-agent/sources/postgres/changes/table-catalog.ts';
import type { BackupReader, BackupRun } from '../../../../../backup-agent/sources/source.ts';
import { MemoryRepository } from './memory-repository.ts';
import type { TestServer } from './test-server.ts';

/** A database with a chain of backups: a full taken with pg_dump, and the incrementals under test. */
export class TestChain {
  repository = new MemoryRepository();
  readonly server: TestServer;
  readonly database: string;
  feed: ChangeFeed;

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
    const { server } = await readServerIdentity(session.client, []);
    const tables = await readTables(session.client, [], server.majorVersion);
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

  /** A full in the simplest form: the schema and every table as one object. */
  async full(): Promise<void> {
    await using replication = await this.feed.connectReplication();
    const snapshot = await createChainSlot(replication, this.feed.slot);
    await using session = await SnapshotReader.open(this.feed, snapshot);
    const run = this.repository.run();
    const writer = await run.begin('full');
    const first = await firstFollowState(session.client, this.feed, snapshot.point);
    const wanted = first.tables.map((table) => ({ table, reason: 'full', required: true }));
    const { copies, problems } = await copyTables(session, nobody, writer, wanted, run);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const schema = schemaObjectName;
    await writer.writeObject(schema, this.feed.dumpSchema(snapshot.name, run.signal));
    const sequences = await readSequences(session.client);
    const state: FollowState = { ...first, copies, schema, sequences };
    await writer.writeMeta(followStateName, [Buffer.from(JSON.stringify(state))]);
    const time = new Date().toISOString();
    const point = { time, lsn: state.point };
    await this.repository.commit({
      writer,
      kind: 'full',
      point,
      problems: [],
      source: {},
      items: 0,
    });
  }

  /** As many incrementals as the backlog needs; the reason if a full is needed instead. */
  async incremental(run: BackupRun = this.repository.run()): Promise<string | undefined> {
    const backups = captureChanges(this.feed, run);
    for (;;) {
      const next = await backups.next();
      if (next.done) {
        await this.repository.onStep('advanced');
        return next.value;
      }
      await this.repository.onStep('yielded');
      await this.repository.commit(next.value);
    }
  }

  /** Frees the slot; the server has few of them. */
  async close(): Promise<void> {
    await using session = await this.feed.connect();
    await dropSlot(session.client, this.feed.slot);
  }

  async states(): Promise<FollowState[]> {
    return Promise.all(this.repository.chain.map((backup) => readFollowState(backup, never)));
  }

  async plan(target: ReplayTarget): Promise<RestorePlan> {
    const states = await this.states();
    const links = this.repository.chain.map((backup, index) => {
      const state = states[index];
      if (state === undefined) throw new Error('a backup without its state');
      return { state, time: new Date(backup.point.time) };
    });
    return planRestore(links, target);
  }

  /** Restores into a new database as planned: schema, whole tables, changes. */
  async restore(into: string, target: ReplayTarget = { kind: 'end' }): Promise<ReplayResult> {
    await this.prepare(into, target);
    return this.replay(into, target);
  }

  /** Everything but the changes. */
  async prepare(into: string, target: ReplayTarget): Promise<void> {
    const plan = await this.plan(target);
    await this.server.createDatabase(into);
    await this.server.psql(into, await this.#text(plan.schema, schemaObjectName));
    await using session = await this.server.session(into);
    await session.client.query(`SET session_replication_role = 'replica'`);
    for (const { link, copy } of plan.copies) {
      const columns = copy.columns.map(quoteIdentifier).join(', ');
      const name = quoteQualified(copy.schema, copy.name);
      const sink = session.client.query(copyFrom(`COPY ${name} (${columns}) FROM STDIN`));
      await pipeline(await this.#backup(link).readObject(copy.object, never), sink);
    }
  }

  async replay(
    into: string,
    target: ReplayTarget = { kind: 'end' },
    watch: { readonly signal: AbortSignal; readonly onAdvance: () => void } = unwatched,
  ): Promise<ReplayResult> {
    const plan = await this.plan(target);
    const states = await this.states();
    const changes = plan.changes.map((link) => storedChanges(this.#backup(link), states[link]));
    await using session = await this.server.session(into);
    const { progress } = this.repository.run();
    const { signal, onAdvance: advance } = watch;
    return await replayChanges({
      client: session.client,
      tables: plan.tables,
      changes,
      target: plan.target,
      signal,
      progress: { ...progress, advance },
    });
  }

  #backup(link: number): BackupReader {
    const backup = this.repository.chain[link];
    if (backup === undefined) throw new Error(`no backup ${link}`);
    return backup;
  }

  async #text(link: number, name: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of await this.#backup(link).readObject(name, never)) parts.push(part);
    return Buffer.concat(parts).toString();
  }
}

const nobody = { hasYielded: () => false };
const never = new AbortController().signal;
const unwatched = { signal: never, onAdvance: () => undefined };

function storedChanges(backup: BackupReader, state: FollowState | undefined): StoredChanges {
  const changes = state?.changes;
  if (changes === undefined) throw new Error('an incremental without changes');
  return {
    from: parseLsn(changes.from),
    to: parseLsn(changes.to),
    read: (signal) => backup.readObject(changes.object, signal),
  };
}
