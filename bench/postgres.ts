/**
 * A full and a restore against psql, pg_dump and pg_restore, in turns on the same database:
 * `node bench/postgres.ts [--scale 1] [--rounds 2]`. Scale 1 is about 1.2 GB of COPY text. Of all
 * rounds the best counts; of memory, the worst. Holdfast's time does not include starting Node. Then 1 %
 * of the rows are changed and an incremental is taken, which should cost at most 3 % of a full. What the
 * server takes alone, with nobody who reads, is the floor of both. A restore of ours analyzes, which
 * pg_restore leaves out: what that takes it is told, too.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { startThrowawayServer } from '../backup-agent/drills/sandbox/throwaway-server.ts';
import { generateIdentity } from '../backup-agent/keys/identities.ts';
import { createPublicationsSql } from '../backup-agent/sources/postgres/changes/publications.ts';
import { jobPublications } from '../backup-agent/sources/postgres/source-setup.ts';
import { findServerBinaries } from '../backup-agent/tools/postgres-binaries.ts';
import { launcherEnvironment, launcherFlags } from '../tests/support/launcher.ts';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '2' },
  },
});
const scale = Number(values.scale);
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const environment = {
  PATH: process.env['PATH'],
  // Without it stripping types takes memory that the agent does not.
  NODE_COMPILE_CACHE: join(directory, 'compiled'),
};

const figures = z.object({ seconds: z.number(), cpuSeconds: z.number(), peakBytes: z.number() });
type Figures = z.infer<typeof figures>;
type Work = () => Promise<Partial<Figures> & { seconds: number }>;

function shell(command: string, url: string): Work {
  return async () => {
    const started = performance.now();
    execFileSync('bash', ['-o', 'pipefail', '-c', command], { env: { ...environment, DB: url } });
    return { seconds: (performance.now() - started) / 1000 };
  };
}

function agent(...args: readonly string[]): Work {
  const script = join(import.meta.dirname, 'postgres', 'agent.ts');
  return async () => {
    const options = { env: { ...environment, ...launcherEnvironment }, maxBuffer: 2 ** 20 };
    const command = [...launcherFlags, script, ...args];
    const { stdout } = await promisify(execFile)(process.execPath, command, options);
    return figures.parse(JSON.parse(stdout));
  };
}

/** Each of the works in turns; prints a line for each once all rounds are over. */
async function compete(works: Record<string, Work>, rounds = Number(values.rounds)): Promise<void> {
  const taken = new Map<string, Partial<Figures>[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const [name, work] of Object.entries(works))
      taken.set(name, [...(taken.get(name) ?? []), await work()]);
  for (const [name, all] of taken) {
    const least = (key: keyof Figures) => Math.min(...all.map((round) => round[key] ?? NaN));
    const peak = Math.max(...all.map(({ peakBytes }) => peakBytes ?? NaN));
    const ours = Number.isNaN(peak)
      ? ''
      : `, ${least('cpuSeconds').toFixed(2)} s of the processor, ${Math.round(peak / 2 ** 20)} MiB`;
    process.stdout.write(`${name}: ${least('seconds').toFixed(2)} s${ours}\n`);
  }
}

function crm(): string {
  return `
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
  VACUUM ANALYZE; CHECKPOINT;`;
}

/** One half of a table's pages, written nowhere. */
function copyHalf(table: string, half: number): string {
  const middle = `(SELECT concat('(', pg_relation_size('${table}') / 16384, ',0)')::tid)`;
  const rows = `SELECT * FROM ${table} WHERE ctid ${half === 0 ? '<' : '>='} ${middle}`;
  return `-c ${quote(`COPY (${rows}) TO '/dev/null'`)}`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const publications = jobPublications('bench');
/** What an incremental asks the server for. */
const peekToNowhere = `COPY (SELECT c.lsn, c.data FROM pg_replication_slots s,
  pg_logical_slot_peek_binary_changes(s.slot_name, NULL, NULL, 'proto_version', '1',
    'publication_names', '${publications.all},${publications.keyed}', 'messages', 'true') c)
  TO '/dev/null' (FORMAT binary)`;

const tables = ['accounts', 'contacts', 'activities'];

try {
  await using server = await startThrowawayServer({
    binaries: await findServerBinaries({ searchPath: environment.PATH }),
    settings: { wal_level: 'logical', shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  const url = await server.createDatabase('crm');
  const keys = await generateIdentity();
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(keys));
  writeFileSync(join(directory, 'crm.sql'), crm());
  await shell(`psql -q -f ${directory}/crm.sql "$DB"`, url)();
  process.stdout.write(
    `${cpus().length} × ${cpus()[0]?.model ?? '?'}, Node ${process.versions.node}, ` +
      `PostgreSQL ${server.majorVersion}, scale ${scale}, best of ${values.rounds}\n`,
  );
  const copies = tables.map((table) => `psql -q "$DB" -c 'COPY ${table} TO STDOUT'`).join('; ');
  const halves = [0, 1].map((half) => tables.map((table) => copyHalf(table, half)).join(' '));
  const floor = halves.map((half) => `psql -q "$DB" ${half} &`).join(' ') + ' wait';
  const pipe = `(${copies}) | zstd -q -3 -T2 | age -r ${keys.recipient} > ${directory}/copy.zst.age`;
  await agent('load', directory)();
  await compete({
    'COPY to /dev/null by the server, 2 sessions': shell(floor, url),
    'psql COPY | zstd -3 -T2 | age': shell(pipe, url),
    'Holdfast full, 2 lanes': agent('full', directory, url, '2'),
    'Holdfast full, 1 lane': agent('full', directory, url, '1'),
  });
  await compete({ 'pg_dump -Fc': shell(`pg_dump -Fc -f ${directory}/dump "$DB"`, url) });
  const into = async (work: (url: string) => Work) => {
    const found = await work(await server.createDatabase('restored'))();
    await server.dropDatabase('restored');
    return found;
  };
  const analyze = 'vacuumdb -q -Z -j2 -d "$DB"';
  const restore = `pg_restore -j2 -d "$DB" ${directory}/dump`;
  await compete({
    'pg_restore -j2': () => into((to) => shell(restore, to)),
    'pg_restore -j2, then vacuumdb --analyze-only -j2': () =>
      into((to) => shell(`${restore} && ${analyze}`, to)),
    'Holdfast restore with ANALYZE, 2 lanes': () => into((to) => agent('restore', directory, to)),
  });
  const keyed = tables.map((name) => ({ schema: 'public', name }));
  const publish = createPublicationsSql(publications, keyed).join('; ');
  writeFileSync(join(directory, 'publish.sql'), publish);
  await shell(`psql -q -f ${directory}/publish.sql "$DB"`, url)();
  await compete({ 'Holdfast full with a slot, 2 lanes': agent('base', directory, url, '2') }, 1);
  let changed = 0;
  const change = async () => {
    // Between two runs a server writes down more than once what is under way.
    const changes = tables.map(
      (table) => `UPDATE ${table} SET id = id WHERE id % 100 = ${changed}`,
    );
    await shell(`psql -q -c CHECKPOINT -c '${changes.join('; ')}' "$DB"`, url)();
    changed += 1;
  };
  await compete({
    'the server alone decodes 1 % changed': async () => {
      await change();
      return await shell(`psql -q -c ${quote(peekToNowhere)} "$DB"`, url)();
    },
    'Holdfast incremental, 1 % changed': agent('incremental', directory, url),
  });
} finally {
  rmSync(directory, { recursive: true });
}
