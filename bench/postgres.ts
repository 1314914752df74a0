import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateIdentity } from '../backup-agent/keys/identities.ts';
import { startThrowawayServer } from '../backup-agent/drills/sandbox/throwaway-server.ts';
import { createBackupReader } from '../backup-agent/repository/backup-reader.ts';
import { RepositoryBackupWriter } from '../backup-agent/repository/backup-writer.ts';
import { resolveTarget } from '../backup-agent/sources/postgres/connection-target.ts';
import { restorePostgres } from '../backup-agent/sources/postgres/restore/restore-postgres.ts';
import { createPostgresSource } from '../backup-agent/sources/postgres/source.ts';
import type { Log, PreparedBackup, Progress } from '../backup-agent/sources/source.ts';
import { openLocalStorage } from '../backup-agent/storage/local.ts';
import { tuneGarbageCollection } from '../backup-agent/stream/garbage-collection.ts';
import { findServerBinaries } from '../backup-agent/tools/postgres-binaries.ts';
import type { Manifest } from '../contracts/manifest.ts';

/**
 * A full and a restore against pg_dump, psql and pg_restore, one after the other on the same
 * database: `node bench/postgres.ts [--scale 1]`. Scale 1 is about 1.4 GB of COPY text. Prints
 * seconds and the agent's greatest resident memory.
 */
tuneGarbageCollection();
const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const signal = new AbortController().signal;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const environment = { PATH: process.env['PATH'] };
const { identity, recipient } = await generateIdentity();
const storage = openLocalStorage(join(directory, 'repository'));

await using server = await startThrowawayServer({
  binaries: await findServerBinaries({ searchPath: environment.PATH }),
  settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
});
const url = await server.createDatabase('crm');
const connection = ['-h', server.host, '-U', server.user];
const shell = (command: string) => {
  execFileSync('bash', ['-o', 'pipefail', '-c', command], { env: { ...environment, DB: url } });
};
const tables = ['accounts', 'contacts', 'activities'];
shell(`psql -q "$DB" <<'SQL'
  SET synchronous_commit = off;
  CREATE TABLE accounts AS SELECT n AS id, md5(n::text) AS name, now() AS created_at,
    jsonb_build_object('score', n % 100, 'industry', md5((n % 50)::text)) AS custom
    FROM generate_series(1, ${600_000 * scale}) n;
  CREATE TABLE contacts AS SELECT n AS id, n % 1000 AS account_id, 'contact' || n || '@mail.example' AS email,
    repeat(md5(n::text), 3) AS notes FROM generate_series(1, ${2_000_000 * scale}) n;
  CREATE TABLE activities AS SELECT n AS id, n % 5000 AS contact_id, now() - n * interval '1 s' AS at,
    'Called about the contract, ' || repeat(md5((n % 9999)::text), 7) AS subject
    FROM generate_series(1, ${3_000_000 * scale}) n;
  ${tables.map((table) => `ALTER TABLE ${table} ADD PRIMARY KEY (id);`).join(' ')}
  VACUUM ANALYZE; CHECKPOINT;
SQL`);

let peakBytes = 0;
async function measure(name: string, work: () => unknown): Promise<void> {
  peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 50);
  const started = performance.now();
  await work();
  clearInterval(watch);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const memory = peakBytes > 0 ? `, ${Math.round(peakBytes / 2 ** 20)} MiB resident` : '';
  process.stdout.write(`${name}: ${seconds} s${memory}\n`);
}

async function full(lanes: number): Promise<{ prepared: PreparedBackup; manifest: Manifest }> {
  const id = `20260101T000000Z-${randomBytes(3).toString('hex')}`;
  const recipients = { objects: [recipient], meta: [recipient] };
  const writer = new RepositoryBackupWriter(
    { storage, job: 'bench', id, recipients, signal },
    new Date(),
  );
  const source = createPostgresSource({
    configuration: {
      type: 'postgres',
      url,
      excludeTables: [],
      excludeData: [],
      lanes,
      slot: { warnAt: 2 ** 30, dropAt: 2 ** 33 },
    },
    environment,
    job: 'bench',
    directory,
  });
  const run = { signal, progress, log, now: () => new Date(), chain: [] };
  const begin = async () => writer;
  for await (const prepared of source.backup({ ...run, requested: 'full', begin })) {
    const { objects, meta } = writer.written;
    const manifest = { job: 'bench', id, kind: 'full', point: prepared.point, objects, meta };
    // Only what a reader looks at: there is no repository around it here.
    return { prepared, manifest: { ...manifest, source: prepared.source } as unknown as Manifest };
  }
  throw new Error(`no full (${randomUUID()})`);
}

try {
  const copies = tables.map((table) => `psql -q "$DB" -c 'COPY ${table} TO STDOUT'`).join('; ');
  await measure('psql COPY | zstd -3 -T2 | age', () =>
    shell(`(${copies}) | zstd -q -3 -T2 | age -r ${recipient} > ${directory}/copy.zst.age`),
  );
  await measure('Holdfast full, 1 lane', () => full(1));
  let taken: Awaited<ReturnType<typeof full>> | undefined;
  await measure('Holdfast full, 2 lanes', async () => {
    taken = await full(2);
  });
  await measure('pg_dump -Fc', () => shell(`pg_dump -Fc -f ${directory}/dump "$DB"`));
  await server.createDatabase('by_tool');
  await measure('pg_restore -j2', () =>
    execFileSync('pg_restore', [...connection, '-j2', '-d', 'by_tool', join(directory, 'dump')]),
  );
  await server.dropDatabase('by_tool');
  const target = await resolveTarget({ url: await server.createDatabase('ours'), environment });
  await measure('Holdfast restore, 2 lanes', async () => {
    if (!taken) throw new Error('nothing to restore');
    const chain = [createBackupReader(storage, taken.manifest, [identity])];
    await restorePostgres({ chain, target, signal, progress, log, now: () => new Date() });
  });
} finally {
  await storage.close();
  rmSync(directory, { recursive: true });
}
