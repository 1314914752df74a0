import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { createAgent } from '../backup-agent/composition.ts';
import { readEnvironment } from '../backup-agent/config/environment.ts';
import { sandboxSettings } from '../backup-agent/drills/sandbox/sandbox.ts';
import { startThrowawayServer } from '../backup-agent/drills/sandbox/throwaway-server.ts';
import { runBackup } from '../backup-agent/operations/backup.ts';
import { runDrill } from '../backup-agent/operations/drill.ts';
import { prepareSource } from '../backup-agent/operations/prepare-source.ts';
import type { Log, Progress } from '../backup-agent/sources/source.ts';
import { tuneGarbageCollection } from '../backup-agent/stream/garbage-collection.ts';
import { findServerBinaries } from '../backup-agent/tools/postgres-binaries.ts';
import { writeInstallation } from '../rehearsal/configuration.ts';

/**
 * A drill against `pg_restore -j2` of the same data into the same kind of throw-away server, both
 * begun with an empty one: `node bench/drill.ts [--scale 1]`. Scale 1 is about 2 GB of COPY text. The
 * goal: at most 1.15 times pg_restore, plus the assertions, which read each table once. A drill analyzes
 * tables while it loads others, which pg_restore leaves out. Prints seconds.
 */
tuneGarbageCollection();
const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const rows = (count: number) => Math.round(count * 1.4 * Number(values.scale));
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const signal = new AbortController().signal;
const progress: Progress = { step() {}, advance() {}, note() {} };
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const binaries = await findServerBinaries({ searchPath: process.env['PATH'] });

await using resources = new AsyncDisposableStack();
const source = resources.use(
  await startThrowawayServer({
    binaries,
    settings: {
      wal_level: 'logical',
      max_slot_wal_keep_size: '4GB',
      shared_buffers: '512MB',
      max_wal_size: '4GB',
    },
  }),
);
const url = await source.createDatabase('crm');
const run = (program: string, ...argv: string[]) => execFileSync(program, argv);
const tables = ['accounts', 'contacts', 'activities'];
run(
  'psql',
  '-q',
  url,
  '-c',
  `CREATE SCHEMA crm; SET search_path = crm;
  CREATE TABLE accounts AS SELECT n AS id, md5(n::text) AS name, now() AS created_at,
    jsonb_build_object('score', n % 100, 'industry', md5((n % 50)::text)) AS custom
    FROM generate_series(1, ${rows(600_000)}) n;
  CREATE TABLE contacts AS SELECT n AS id, n % 1000 AS account_id, 'contact' || n || '@mail.example' AS email,
    repeat(md5(n::text), 3) AS notes FROM generate_series(1, ${rows(2_000_000)}) n;
  CREATE TABLE activities AS SELECT n AS id, n % 5000 AS contact_id, now() - n * interval '1 s' AS at,
    'Called about the contract, ' || repeat(md5((n % 9999)::text), 7) AS subject
    FROM generate_series(1, ${rows(3_000_000)}) n;
  ${tables.map((table) => `ALTER TABLE ${table} ADD PRIMARY KEY (id);`).join(' ')}
  CREATE INDEX ON contacts (account_id); CREATE INDEX ON activities (contact_id, at);
  ANALYZE`,
);

async function seconds(name: string, work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  const took = (performance.now() - started) / 1_000;
  process.stdout.write(`${name}: ${took.toFixed(1)} s\n`);
  return took;
}

try {
  const crm = { url, folder: directory };
  const { configFile, identityFile } = await writeInstallation(directory, crm, () => new Date());
  const configuration = parse(readFileSync(configFile, 'utf8'));
  const job = configuration.jobs['crm-database'];
  job.drill = { sandbox: { type: 'local' } };
  job.objectives = {};
  writeFileSync(configFile, stringify(configuration));
  const agent = resources.use(
    await createAgent({
      configFile,
      identityFile,
      environment: readEnvironment(),
      log,
      signal,
      now: () => new Date(),
    }),
  );
  await prepareSource(agent, { job: 'crm-database', admin: url, apply: true });
  await runBackup(agent, { job: 'crm-database', kind: 'full' }, { progress });
  run('pg_dump', '-Fc', '-f', join(directory, 'dump'), url);
  const size = statSync(join(directory, 'dump')).size;
  process.stdout.write(`pg_dump -Fc makes ${Math.round(size / 2 ** 20)} MiB of it\n`);

  const byTool = resources.use(await startThrowawayServer({ binaries, settings: sandboxSettings }));
  await byTool.createDatabase('by_tool');
  const target = ['-h', byTool.host, '-U', byTool.user, '-d', 'by_tool'];
  const tool = await seconds('pg_restore -j2', () =>
    run('pg_restore', '--no-owner', '--no-privileges', '-j2', ...target, join(directory, 'dump')),
  );
  const analyzed = await seconds('vacuumdb --analyze-only -j2, which a drill does besides', () =>
    run('vacuumdb', '-q', '-Z', '-j2', ...target),
  );
  await byTool[Symbol.asyncDispose]();

  await seconds('drill', async () => {
    const request = { job: 'crm-database', backup: 'latest' };
    const { evidence } = await runDrill(agent, request, { progress });
    const of = (...names: string[]) =>
      evidence.phases
        .filter(({ name }) => names.length === 0 || names.includes(name))
        .reduce((sum, { durationMs }) => sum + durationMs / 1_000, 0);
    const restored = of('schema', 'load', 'replay', 'index', 'analyze');
    process.stdout.write(
      [
        `outcome: ${evidence.outcome}, ${evidence.totals.rows} rows`,
        ...evidence.phases.map(
          ({ name, durationMs }) => `  ${name}: ${(durationMs / 1_000).toFixed(1)} s`,
        ),
        `  restoring with ANALYZE: ${restored.toFixed(1)} s, ${(restored / tool).toFixed(2)} times pg_restore, ` +
          `${(restored / (tool + analyzed)).toFixed(2)} times both`,
        ...evidence.assertions.map(
          ({ name, outcome, durationMs }) =>
            `    ${name}: ${outcome}, ${(durationMs / 1_000).toFixed(1)} s`,
        ),
      ].join('\n') + '\n',
    );
  });
} finally {
  rmSync(directory, { recursive: true });
}
