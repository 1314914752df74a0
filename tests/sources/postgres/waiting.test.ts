import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../backup-agent/drills/sandbox/throwaway-server.ts';
import type { BackupKind } from '../../../contracts/manifest.ts';
import type {
  BackupWriter,
  ByteStream,
  PreparedBackup,
} from '../../../backup-agent/sources/source.ts';
import {
  connectedClient,
  SourceFixture,
  startSourceServer,
} from '../../fixtures/postgres/source-fixture.ts';

let server: ThrowawayServer;
before(async () => {
  server = await startSourceServer();
});
after(() => server[Symbol.asyncDispose]());

interface Hooks {
  /** When the snapshot is taken and nothing has been read in it. */
  readonly onBegin?: () => Promise<void>;
  readonly store?: (name: string, bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** When the backup is handed over to be committed. */
  readonly onReady?: () => Promise<void>;
}

async function backUpWith(
  source: SourceFixture,
  requested: BackupKind,
  { onBegin, store = (_, bytes) => bytes, onReady }: Hooks,
): Promise<PreparedBackup[]> {
  const taken: PreparedBackup[] = [];
  const run = { ...source.repository.run(), requested };
  const begin = async (kind: BackupKind): Promise<BackupWriter> => {
    await onBegin?.();
    const writer = await run.begin(kind);
    const inner = writer.writeObject.bind(writer);
    return Object.assign(writer, {
      writeObject: (name: string, bytes: ByteStream) =>
        inner(name, store(name, bytes as AsyncIterable<Uint8Array>)),
    });
  };
  for await (const backup of source.source().backup({ ...run, begin })) {
    await onReady?.();
    await source.repository.commit(backup);
    taken.push(backup);
  }
  return taken;
}

/** Waits until somebody waits for a lock on a relation. */
async function someoneWaits(source: SourceFixture, table: string): Promise<void> {
  const query = `SELECT FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
  while ((await source.query(query)).length === 0) await delay(20);
}

const filled = `CREATE TABLE a AS SELECT n AS id, repeat('x', 1000) AS pad FROM generate_series(1, 30000) n;
  CREATE TABLE b (id int PRIMARY KEY)`;

/** Holds the first stream of table rows open until the DDL is through: only giving way lets it. */
function heldOpen(through: Promise<unknown>, onOpen: () => void) {
  let opened = false;
  return async function* (name: string, bytes: AsyncIterable<Uint8Array>) {
    if (!opened && /^(table|copy)-/.test(name)) {
      opened = true;
      onOpen();
      for await (const chunk of bytes) {
        await through;
        yield chunk;
      }
    } else yield* bytes;
  };
}

for (const kind of ['full', 'incremental'] as const)
  test(`DDL gets through while an ${kind} copies its table, and the table is copied all the same`, async () => {
    await using source = await SourceFixture.create(server, `copying_${kind}`);
    await source.query(filled);
    await source.prepare();
    if (kind === 'incremental') await source.backUp('full');
    await using application = await connectedClient(server, source.database);
    const through = Promise.withResolvers<void>();
    let ddl: Promise<unknown> = Promise.resolve();
    const onOpen = () => {
      ddl = application.client.query('ALTER TABLE a ADD COLUMN added int').finally(through.resolve);
    };
    const [backup] = await backUpWith(source, kind, { store: heldOpen(through.promise, onOpen) });
    await ddl;
    assert.equal(backup?.kind, kind);
    assert.deepEqual(backup?.problems, []);
    assert.equal(backup?.items, 30_000);
  });

for (const kind of ['full', 'incremental'] as const)
  test(`DDL gets through while pg_dump of an ${kind} holds its locks, and the schema is dumped all the same`, async () => {
    await using source = await SourceFixture.create(server, `dumping_${kind}`);
    await source.query('CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)');
    await source.prepare();
    if (kind === 'incremental') {
      await source.backUp('full');
      await source.query('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$');
    }
    // pg_dump locks a, and then stands waiting for b.
    await using migration = await connectedClient(server, source.database);
    await using application = await connectedClient(server, source.database);
    const backup = backUpWith(source, kind, {
      onBegin: async () => {
        await migration.client.query('BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE');
      },
    });
    await someoneWaits(source, 'b');
    await application.client.query('LOCK TABLE a IN ACCESS EXCLUSIVE MODE; SELECT 1');
    await migration.client.query('COMMIT');
    const [taken] = await backup;
    assert.equal(taken?.kind, kind);
    assert.deepEqual(taken?.problems, []);
  });

test('nothing of a full is locked any more when it is handed over to be committed', async () => {
  await using source = await SourceFixture.create(server, 'handed_over');
  await source.query('CREATE TABLE a (id serial PRIMARY KEY); INSERT INTO a DEFAULT VALUES');
  await source.prepare();
  const locks = `SELECT relation::regclass::text AS relation, mode FROM pg_locks
    JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'relation' AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid <> pg_backend_pid()`;
  let ready = 0;
  await backUpWith(source, 'full', {
    onReady: async () => {
      ready += 1;
      assert.deepEqual(await source.query(locks), []);
    },
  });
  assert.equal(ready, 1);
});
