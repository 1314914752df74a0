import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BinarySearch } from '../../tools/postgres-binaries.ts';
import { connect, type PostgresSession } from './connection.ts';
import { clientVariables, type ConnectionTarget, type Variables } from './connection-target.ts';
import { runBundledDump } from './dump/bundled-dump.ts';
import { findDumpProgram } from './dump/dump-program.ts';
import { toDumpPattern } from './table-pattern.ts';
import { YieldWatch } from './yielding.ts';

export interface SchemaDump {
  readonly target: ConnectionTarget;
  readonly binaries: BinarySearch;
  readonly variables: Variables;
  readonly serverMajorVersion: number;
  /** The snapshot to see the catalog in; without one, as it is now. */
  readonly snapshot?: string;
  readonly excludeTables: readonly string[];
  readonly signal: AbortSignal;
}

/** A statement of ours never queues in front of the application's for longer. */
const lockWaitMs = 5_000;

/** How often pg_dump is begun again after giving way. */
const attempts = 3;

/**
 * The schema as SQL, by pg_dump: everything but rows, sequence positions and large objects. pg_dump
 * locks every table until it ends, if weakly, so it is ended and begun again when DDL waits for it.
 * Throws `tool-missing` without a pg_dump that is at least as new as the server, `source-refused` with
 * pg_dump's own words when it fails, `source-unsuitable` when DDL keeps coming.
 */
export async function dumpSchema(dump: SchemaDump): Promise<{ sql: string; version: number }> {
  const { path, majorVersion } = await findDumpProgram(dump.binaries, dump.serverMajorVersion);
  await using watcher = await connect(dump.target, { signal: dump.signal });
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { failure, stdout, gaveWay } =
      path === undefined ? await dumpBundled(dump, watcher) : await dumpWith(path, dump, watcher);
    dump.signal.throwIfAborted();
    if (failure === undefined) return { sql: withoutRestriction(stdout), version: majorVersion };
    if (!gaveWay) throw new HoldfastError('source-refused', `pg_dump failed: ${failure}`);
  }
  throw new HoldfastError(
    'source-unsuitable',
    `the schema could not be dumped: other sessions waited for pg_dump ${attempts} times, and it gave way`,
    { hint: 'run the backup again when the migration that is under way has ended' },
  );
}

interface DumpAttempt {
  readonly stdout: string;
  readonly failure?: string;
  /** Whether it was ended because somebody waited for it. */
  readonly gaveWay: boolean;
}

async function dumpBundled(dump: SchemaDump, watcher: PostgresSession): Promise<DumpAttempt> {
  await using session = await connect(dump.target, { signal: dump.signal });
  await using watch = new YieldWatch(watcher.client, [session]);
  const result = await runBundledDump(session, dumpArguments(dump), dump.signal);
  return { ...result, gaveWay: watch.hasAnyYielded };
}

async function dumpWith(
  path: string,
  dump: SchemaDump,
  watcher: PostgresSession,
): Promise<DumpAttempt> {
  const { target, variables, signal } = dump;
  // No other session of the server has this name: a backend has one number.
  const program = `holdfast dump ${watcher.pid}`;
  await using watch = new YieldWatch(watcher.client, [], program);
  const { execa } = await import('execa');
  const result = await execa(path, ['--no-password', ...dumpArguments(dump)], {
    env: { ...(await clientVariables(target, variables)), PGAPPNAME: program },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
    maxBuffer: 1024 * 1024 * 1024,
  });
  const gaveWay = watch.hasAnyYielded;
  if (result.exitCode === 0) return { stdout: result.stdout, gaveWay };
  const words = result.stderr.trim().split('\n').slice(0, 3).join('; ');
  return { stdout: '', failure: words || result.shortMessage || 'it was ended', gaveWay };
}

function dumpArguments({ snapshot, excludeTables }: SchemaDump): string[] {
  return [
    '--section=pre-data',
    '--section=post-data',
    '--no-blobs',
    '--no-tablespaces',
    '--encoding=UTF8',
    `--lock-wait-timeout=${lockWaitMs}`,
    ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
    ...excludeTables.map((pattern) => `--exclude-table=${toDumpPattern(pattern)}`),
  ];
}

/**
 * Recent minor versions fence the script with `\restrict <random key>`, which older psql do not know
 * and which makes equal schemas differ. Only pg_dump's own lines go, right below its title and at the
 * end: a function's body may have such lines too.
 */
export function withoutRestriction(sql: string): string {
  const [fence, title = '', key = ''] = fenceBelowTitle.exec(sql) ?? [];
  if (fence === undefined) return sql;
  const end = `\\unrestrict ${key}`;
  const body = sql.slice(fence.length).trimEnd();
  return title + (body.endsWith(`\n${end}`) ? body.slice(0, -end.length) : body);
}

const fenceBelowTitle = /^(--\n-- PostgreSQL database dump\n--\n\n)\\restrict (\w+)\n/;
