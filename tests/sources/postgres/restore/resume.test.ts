import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ThrowawayServer } from '../../../../backup-agent/drills/sandbox/throwaway-server.ts';
import { isHoldfastError } from '../../../../backup-agent/errors/holdfast-error.ts';
import {
  inventoryName,
  readInventory,
} from '../../../../backup-agent/sources/postgres/inventory.ts';
import { restorePostgres } from '../../../../backup-agent/sources/postgres/restore/restore-postgres.ts';
import type { BackupReader } from '../../../../backup-agent/sources/source.ts';
import {
  connectedClient,
  dumpOf,
  SourceFixture,
  startSourceServer,
} from '../../../fixtures/postgres/source-fixture.ts';
import { digestTables } from '../changes/support/digest.ts';

let server: ThrowawayServer;
let source: SourceFixture;
before(async () => {
  server = await startSourceServer();
  source = await SourceFixture.create(server, 'origin');
  await source.query(`
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE a (id int PRIMARY KEY, v text, m mood); CREATE INDEX ON a (v);
    CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); CREATE TABLE bare (v text);
    CREATE TABLE untouched (id serial PRIMARY KEY, v text UNIQUE);
    CREATE MATERIALIZED VIEW seen AS SELECT count(*) AS n FROM a;
    INSERT INTO a SELECT n, 'a' || n, 'good' FROM generate_series(1, 500) n;
    INSERT INTO b SELECT n, n FROM generate_series(1, 500) n;
    INSERT INTO untouched (v) SELECT 'u' || n FROM generate_series(1, 500) n;
    SELECT lo_from_bytea(77, 'large')`);
  await source.prepare();
  await source.backUp('full');
  await source.query(`UPDATE a SET v = v || '!'; DELETE FROM b WHERE id > 400;
    INSERT INTO bare VALUES ('one'), ('one'); INSERT INTO a VALUES (1000, 'new', 'bad');
    REFRESH MATERIALIZED VIEW seen`);
  await source.backUp('incremental');
});
after(async () => {
  await source[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

class Killed extends Error {}

interface Death {
  /** Dies when this step begins. */
  readonly step?: string;
  /** Dies after so many statements, objects and batches. */
  readonly after?: number;
}

/** A restore that loses its life, and with it all its sessions, at a certain point. */
async function restore(database: string, death: Death = {}, options: object = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  let left = death.after ?? Infinity;
  const countdown = () => {
    left -= 1;
    if (left <= 0) controller.abort(new Killed());
  };
  const check = signal.throwIfAborted.bind(signal);
  Object.assign(signal, {
    throwIfAborted: () => {
      countdown();
      check();
    },
  });
  const counted = (backup: BackupReader): BackupReader => ({
    ...backup,
    readObject: async (name, until) => {
      countdown();
      return await backup.readObject(name, until);
    },
  });
  const run = source.repository.run(signal);
  const chain = source.repository.chain.map(counted);
  const progress = {
    ...run.progress,
    step: (title: string) => {
      if (title === death.step) throw new Killed();
    },
  };
  const target = await source.target(database);
  return await restorePostgres({ ...run, chain, target, progress, ...options });
}

async function assertRestored(database: string): Promise<void> {
  await using restored = await connectedClient(server, database);
  await using original = await connectedClient(server, 'origin');
  for (const { client } of [restored, original]) await client.query(`SET search_path = ''`);
  assert.deepEqual(await digestTables(restored.client), await digestTables(original.client));
  const rest = `SELECT n, (SELECT string_agg(oid || convert_from(lo_get(oid), 'UTF8'), ',')
    FROM pg_largeobject_metadata) AS large, nextval('public.untouched_id_seq')::text AS next,
    (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'holdfast_restore') AS traces
    FROM public.seen`;
  const expected = [{ n: '501', large: '77large', next: '501', traces: 0 }];
  assert.deepEqual((await restored.client.query(rest)).rows, expected);
  const definitions = (dump: string) => dump.replaceAll(/^.*PUBLICATION[^;]*;$/gm, '');
  assert.equal(
    definitions(await dumpOf(server, database, '--schema-only', '--no-publications')),
    definitions(await dumpOf(server, 'origin', '--schema-only', '--no-publications')),
  );
}

test('a restore that is killed again and again goes on each time, and ends as if it had not been', async () => {
  let deaths = 0;
  for (;;) {
    try {
      // Each life is long enough for a few steps of its own, and finds the earlier ones done.
      const result = await restore('again', { after: 10 + deaths });
      assert.ok(deaths > 5, `only ${deaths}`);
      assert.ok(result.resumed);
      assert.deepEqual(result.problems, []);
      break;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      deaths += 1;
      assert.ok(deaths < 200);
    }
  }
  await assertRestored('again');
});

for (const step of [
  'load tables',
  'build primary keys',
  'replay changes',
  'build indexes',
  'add constraints, triggers and rights',
  'analyze',
])
  test(`a restore that is killed before it comes to "${step}" goes on there`, async () => {
    await assert.rejects(restore('between', { step }), Killed);
    assert.equal((await restore('between')).resumed, true);
    await assertRestored('between');
    await server.dropDatabase('between');
  });

test('rows are amended before views are filled from them, and again when that was interrupted', async () => {
  const amend = async () => {
    await using restored = await connectedClient(server, 'amended');
    await restored.client.query(`DELETE FROM a WHERE id = 1000`);
  };
  const killed = async () => {
    await amend();
    throw new Killed();
  };
  await assert.rejects(restore('amended', {}, { amend: killed }), Killed);
  assert.equal((await restore('amended', {}, { amend })).resumed, true);
  await using restored = await connectedClient(server, 'amended');
  const { rows } = await restored.client.query(
    `SELECT (SELECT count(*)::int FROM a) AS rows, n::int FROM seen`,
  );
  assert.deepEqual(rows, [{ rows: 500, n: 500 }]);
  await server.dropDatabase('amended');
});

test('an unfinished restore is not gone on with for other wishes: it says how to go on', async () => {
  await assert.rejects(restore('other', { step: 'build indexes' }), Killed);
  await assert.rejects(restore('other', {}, { noOwner: true }), (error) => {
    assert.ok(isHoldfastError(error, 'target-not-empty'));
    assert.match(error.message, /unfinished restore .*owners true, not false/);
    assert.match(error.hint, /--backup backup-2\b/);
    return true;
  });
  assert.equal((await restore('other')).resumed, true);
  await assertRestored('other');
});

test('a second restore into a database whose first one is at work is refused', async () => {
  await server.createDatabase('busy');
  await using first = await connectedClient(server, 'busy');
  await first.client.query(`SELECT pg_advisory_lock(hashtext('holdfast restore'))`);
  await assert.rejects(restore('busy'), (error) => {
    assert.ok(isHoldfastError(error, 'target-unsuitable'));
    assert.match(error.message, /another restore into this database is at work: process \d+/);
    return true;
  });
});

/** A full that holds a table's rows in three objects, as it does when the table is large. */
function inParts(full: BackupReader, table: string, onRead: (part: number) => void): BackupReader {
  let whole = '';
  return {
    ...full,
    readMeta: async (name, signal) => {
      if (name !== inventoryName) return await full.readMeta(name, signal);
      const inventory = await readInventory(full, signal);
      const tables = inventory.tables.map((entry) => {
        if (entry.name !== table) return entry;
        [whole = ''] = entry.objects;
        return { ...entry, objects: ['part 0', 'part 1', 'part 2'] };
      });
      return chunks(JSON.stringify({ ...inventory, tables }));
    },
    readObject: async (name, signal) => {
      if (!name.startsWith('part ')) return await full.readObject(name, signal);
      const part = Number(name.at(-1));
      onRead(part);
      const text: Uint8Array[] = [];
      for await (const chunk of await full.readObject(whole, signal)) text.push(chunk);
      const lines = Buffer.concat(text).toString('utf8').match(/.*\n/g) ?? [];
      return chunks(lines.slice(part * 200, (part + 1) * 200).join(''));
    },
  };
}

async function* chunks(text: string) {
  yield Buffer.from(text);
}

test('the objects of a table are loaded in their order as one, and all again when that was interrupted', async () => {
  const [full, ...rest] = source.repository.chain;
  assert.ok(full);
  const read: number[] = [];
  const chainThat = (dies: boolean) => [
    inParts(full, 'untouched', (part) => {
      read.push(part);
      if (dies && part === 1) throw new Killed();
    }),
    ...rest,
  ];
  await assert.rejects(restore('parts', {}, { chain: chainThat(true) }), Killed);
  assert.equal((await restore('parts', {}, { chain: chainThat(false) })).resumed, true);
  assert.deepEqual(read, [0, 1, 0, 1, 2]);
  {
    await using restored = await connectedClient(server, 'parts');
    const order = 'SELECT id FROM public.untouched ORDER BY ctid';
    const { rows } = await restored.client.query(order);
    assert.deepEqual(
      rows.map(({ id }) => id),
      Array.from({ length: 500 }, (_, at) => at + 1),
    );
  }
  await assertRestored('parts');
});
