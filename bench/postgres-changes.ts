import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startThrowawayServer } from '../backup-agent/drills/sandbox/throwaway-server.ts';
import { generateIdentity } from '../backup-agent/keys/identities.ts';
import { createBackupReader } from '../backup-agent/repository/backup-reader.ts';
import { RepositoryBackupWriter } from '../backup-agent/repository/backup-writer.ts';
import type { ChangeFeed } from '../backup-agent/sources/postgres/changes/change-feed.ts';
import { peekChanges } from '../backup-agent/sources/postgres/changes/peek.ts';
import { captureChanges } from '../backup-agent/sources/postgres/changes/capture.ts';
import { parseLsn } from '../backup-agent/sources/postgres/changes/lsn.ts';
import { createPublicationsSql } from '../backup-agent/sources/postgres/changes/publications.ts';
import { readFollowState } from '../backup-agent/sources/postgres/changes/read-follow-state.ts';
import { replayChanges } from '../backup-agent/sources/postgres/changes/replay.ts';
import { planRestore } from '../backup-agent/sources/postgres/changes/restore-plan.ts';
import { readTables } from '../backup-agent/sources/postgres/changes/table-catalog.ts';
import { connect } from '../backup-agent/sources/postgres/connection.ts';
import { resolveTarget } from '../backup-agent/sources/postgres/connection-target.ts';
import { takeFull } from '../backup-agent/sources/postgres/full/take-full.ts';
import { changeFeed } from '../backup-agent/sources/postgres/source.ts';
import {
  jobPublications,
  type SourceSetup,
} from '../backup-agent/sources/postgres/source-setup.ts';
import type {
  BackupReader,
  BackupRun,
  Log,
  PreparedBackup,
  Progress,
} from '../backup-agent/sources/source.ts';
import { openLocalStorage } from '../backup-agent/storage/local.ts';
import { findServerBinaries } from '../backup-agent/tools/postgres-binaries.ts';
import type { Manifest } from '../contracts/manifest.ts';

/**
 * Captures a million changes from a throw-away server into a repository on disk (compressed and
 * encrypted), and replays them into a copy that has primary keys alone:
 * `node bench/postgres-changes.ts [--transactions 100000]`, ten changes in each.
 */
const { values } = parseArgs({
  options: { transactions: { type: 'string', default: '100000' } },
});
const transactions = Number(values.transactions);
const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
const signal = new AbortController().signal;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const { identity, recipient } = await generateIdentity();
const storage = openLocalStorage(join(directory, 'repository'));
const chain: BackupReader[] = [];

const schema = `
CREATE TABLE contact (id bigint PRIMARY KEY, name text, mail text, phone text, note text,
  created timestamptz DEFAULT now(), score numeric(10,2), tags text[], extra jsonb);
CREATE TABLE deal (id bigint PRIMARY KEY, contact bigint, title text, amount numeric(12,2),
  stage int, changed timestamptz DEFAULT now());
CREATE TABLE activity (id bigint PRIMARY KEY, deal bigint, kind int, body text, at timestamptz);
INSERT INTO contact SELECT i, 'name ' || i, i || '@example.org', '+49 ' || i, repeat(md5(i::text), 4),
  now(), i % 100, ARRAY['a', 'b'], '{"source": "web"}' FROM generate_series(1, 200000) i;
INSERT INTO deal SELECT i, i, 'deal ' || i, i % 10000, 0 FROM generate_series(1, 200000) i;
INSERT INTO activity SELECT i, i, i % 5, repeat(md5(i::text), 3), now() FROM generate_series(1, 300000) i;
CREATE PROCEDURE work(first int, last int) LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
  FOR n IN first..last LOOP
    INSERT INTO activity SELECT 1000000 + n * 4 + k, n, k, md5(n::text) || md5(k::text), now()
      FROM generate_series(0, 3) k;
    UPDATE deal SET stage = stage + 1, changed = now()
      WHERE id IN (1 + n % 200000, 1 + (n * 7) % 200000, 1 + (n * 13) % 200000);
    UPDATE contact SET score = score + 1, phone = n::text
      WHERE id IN (1 + n % 200000, 1 + (n * 11) % 200000);
    DELETE FROM activity WHERE id = n;
    COMMIT;
  END LOOP;
END $$;
CHECKPOINT`;

function begin(): RepositoryBackupWriter {
  const id = `20261122T210500Z-${String(chain.length).padStart(6, '0')}`;
  const recipients = { objects: [recipient], meta: [recipient] };
  return new RepositoryBackupWriter({ storage, job: 'bench', id, recipients, signal }, new Date());
}

function reader({ writer, kind, point, source, items }: PreparedBackup): BackupReader {
  if (!(writer instanceof RepositoryBackupWriter)) throw new TypeError('not our writer');
  const fingerprint = createHash('sha256').update(recipient).digest('hex');
  const manifest: Manifest = {
    format: 'holdfast-manifest/1',
    repositoryId: randomUUID(),
    job: 'bench',
    id: writer.id,
    kind,
    base: chain[0]?.id ?? writer.id,
    status: 'complete',
    problems: 0,
    startedAt: point.time,
    finishedAt: point.time,
    point,
    source: { ...source, kind: 'postgres' },
    items,
    ...writer.written,
    objects: [...writer.written.objects],
    meta: [...writer.written.meta],
    recipients: { objects: [fingerprint], meta: [fingerprint] },
    tool: { name: 'holdfast', version: 'bench' },
  };
  return createBackupReader(storage, manifest, [identity]);
}

async function take(backups: AsyncGenerator<PreparedBackup, string | undefined>): Promise<string> {
  for (;;) {
    const next = await backups.next();
    if (next.done) return next.value ?? '';
    chain.push(reader(next.value));
  }
}

interface Timed<T> {
  readonly seconds: number;
  /** Of this process, without the server's: comparable on a busy machine too. */
  readonly cpuSeconds: number;
  readonly value: T;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, cpuSeconds: (user + system) / 1_000_000, value };
}

function report(what: string, changes: number, { seconds, cpuSeconds }: Timed<unknown>): void {
  const rate = Math.round(changes / seconds).toLocaleString('en');
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `${what}: ${changes.toLocaleString('en')} changes in ${seconds.toFixed(1)} s, ${rate} a second ` +
      `(${cpuSeconds.toFixed(1)} s CPU of ours); peak resident ${memory} MiB\n`,
  );
}

/** What the server alone takes to hand the same changes out. */
async function peekOnly(feed: ChangeFeed): Promise<void> {
  await using session = await feed.connect();
  const stream = peekChanges(session.client, { ...feed, majorVersion: 15, upTo: 2n ** 63n });
  for await (const _chunk of stream);
}

try {
  const binaries = { folder: undefined, searchPath: process.env['PATH'] };
  await using server = await startThrowawayServer({
    binaries: await findServerBinaries(binaries),
    settings: { wal_level: 'logical', shared_buffers: '512MB', max_wal_size: '8GB' },
  });
  const url = await server.createDatabase('bench');
  const target = await resolveTarget({ url, environment: {} });
  await using session = await connect(target, { signal });
  await session.client.query(`SET search_path = public; ${schema}`);
  const setup: SourceSetup = {
    target,
    job: 'bench',
    binaries,
    variables: { PATH: process.env['PATH'] },
    excludeTables: [],
    excludeData: [],
    lanes: 2,
    slot: { warnBytes: Infinity, dropBytes: Infinity },
  };
  const tables = await readTables(session.client, [], server.majorVersion);
  for (const sql of createPublicationsSql(jobPublications('bench'), tables)) {
    await session.client.query(sql);
  }
  const run: BackupRun = {
    requested: 'incremental',
    chain,
    begin: async () => begin(),
    signal,
    progress,
    log,
    now: () => new Date(),
  };
  const slot = await take(takeFull(setup, run, session));
  await using copyServer = await startThrowawayServer({
    binaries: await findServerBinaries(binaries),
    settings: { shared_buffers: '512MB', max_wal_size: '8GB' },
  });
  const copyTarget = await resolveTarget({
    url: await copyServer.createDatabase('copy'),
    environment: {},
  });
  await using copy = await connect(copyTarget, { signal });
  await copy.client.query(`SET search_path = public; ${schema}; SET search_path = ''`);

  await session.client.query(`CALL work(1, ${transactions})`);
  const feed = changeFeed(setup, slot, signal);
  const floor = await timed(() => peekOnly(feed));
  const capture = await timed(() => take(captureChanges(feed, run)));
  const states = await Promise.all(chain.map((backup) => readFollowState(backup, signal)));
  const changes = states.reduce((sum, state) => sum + (state.changes?.changes ?? 0), 0);
  report('peek to nowhere', changes, floor);
  report(`capture, ${chain.length - 1} incrementals`, changes, capture);

  const links = states.map((state) => ({ state, time: new Date() }));
  const plan = planRestore(links, { kind: 'end' });
  const replay = await timed(() =>
    replayChanges({
      client: copy.client,
      tables: plan.tables,
      target: plan.target,
      signal,
      progress,
      changes: plan.changes.flatMap((at) => {
        const [stored, backup] = [states[at]?.changes, chain[at]];
        if (stored === undefined || backup === undefined) return [];
        return {
          from: parseLsn(stored.from),
          to: parseLsn(stored.to),
          read: () => backup.readObject(stored.object, signal),
        };
      }),
    }),
  );
  report('replay', replay.value.changes, replay);
} finally {
  await storage.close();
  await rm(directory, { recursive: true, force: true });
}
