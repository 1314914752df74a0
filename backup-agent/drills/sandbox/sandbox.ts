import { tmpdir } from 'node:os';
import type { DrillConfiguration } from '../../../contracts/job.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import {
  resolveTarget,
  type ConnectionTarget,
  type Variables,
} from '../../sources/postgres/connection-target.ts';
import { dumpSchema } from '../../sources/postgres/dump-schema.ts';
import { findServerBinaries } from '../../tools/postgres-binaries.ts';
import { borrowDatabase } from './borrowed-database.ts';
import {
  createPrivateDirectory,
  removeAbandonedDirectories,
  type PrivateDirectory,
} from './private-directory.ts';
import { assertSandboxDirectory } from './sandbox-directory.ts';
import { removeAbandonedServers } from './server-directory.ts';
import { startThrowawayServer } from './throwaway-server.ts';

/** An empty database to restore into. Disposing it leaves nothing behind. */
export interface Sandbox extends AsyncDisposable {
  readonly target: ConnectionTarget;
  /** What pg_dump says of the schema now. Throws `tool-missing` without a pg_dump. */
  dumpSchema(serverMajorVersion: number): Promise<{ sql: string; version: number }>;
  /** A private directory for files, beside the database where both are local. */
  createDirectory(): Promise<PrivateDirectory>;
}

export interface SandboxOptions {
  readonly configuration: DrillConfiguration['sandbox'];
  readonly environment: Variables;
  /** Resolves the password of a `dsn` sandbox. */
  readonly password?: () => Promise<string>;
  /** URLs of the databases that are backed up: none of them may be the sandbox. */
  readonly sources: readonly string[];
  /** Of the server that was backed up: an older one could not take the restore. */
  readonly majorVersion: number;
  readonly signal: AbortSignal;
}

/**
 * Opens the sandbox that the configuration asks for: a private throw-away server, or a database that
 * somebody else provides, which must be empty and is emptied afterwards. Removes what killed drills
 * left. Throws `target-not-empty`, `target-unsuitable` when it is a source, lies in a server's data or nowhere,
 * `tool-missing`.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { configuration, environment, signal } = options;
  const root = directoryOf(configuration);
  await assertSandboxDirectory(root);
  await removeAbandonedDirectories(root);
  const opened =
    configuration.type === 'dsn'
      ? await openDatabase(configuration.url, options)
      : await openServer(configuration, options);
  const binaries = {
    folder: configuration.type === 'local' ? configuration.binaries : undefined,
    searchPath: environment['PATH'],
  };
  return {
    ...opened,
    createDirectory: () => createPrivateDirectory(root),
    dumpSchema: (serverMajorVersion) =>
      dumpSchema({
        target: opened.target,
        binaries,
        variables: environment,
        serverMajorVersion,
        excludeTables: [],
        signal,
      }),
  };
}

function directoryOf(configuration: DrillConfiguration['sandbox']): string {
  return (configuration.type === 'local' ? configuration.directory : undefined) ?? tmpdir();
}

/**
 * What a server is told that is filled once, asserted and thrown away: it keeps no log for others, so it
 * need not log the rows of new tables and indexes at all; it has no use for checkpoints in between or
 * for statistics other than those that a restore asks for.
 * https://www.postgresql.org/docs/current/populate.html
 */
export const sandboxSettings = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  maintenance_work_mem: '128MB',
} as const;

type Opened = Pick<Sandbox, 'target'> & AsyncDisposable;

async function openServer(
  { directory, binaries: folder }: Extract<DrillConfiguration['sandbox'], { type: 'local' }>,
  { environment, majorVersion, signal }: SandboxOptions,
): Promise<Opened> {
  await removeAbandonedServers(...(directory === undefined ? [] : [directory]));
  const search = { folder, searchPath: environment['PATH'] };
  const binaries = await findNewEnough(search, majorVersion);
  const root = directory === undefined ? {} : { root: directory };
  const server = await startThrowawayServer({
    binaries,
    settings: sandboxSettings,
    signal,
    ...root,
  });
  return {
    target: await resolveTarget({ url: await server.createDatabase('drill'), environment: {} }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openDatabase(url: string, { password, sources }: SandboxOptions): Promise<Opened> {
  const target = await resolveTarget({ url, environment: {}, password });
  await refuseSources(target, sources);
  const borrowed = await borrowDatabase(target);
  return { target, [Symbol.asyncDispose]: () => borrowed[Symbol.asyncDispose]() };
}

async function refuseSources(target: ConnectionTarget, sources: readonly string[]): Promise<void> {
  for (const url of sources) {
    const { host, port, database } = await resolveTarget({ url, environment: {} });
    if (host === target.host && port === target.port && database === target.database)
      throw new HoldfastError(
        'target-unsuitable',
        `the sandbox ${host}:${port}/${database} is a database that is backed up`,
      );
  }
}

/** The same major version as the source where it is installed, else the newest. */
async function findNewEnough(
  search: Parameters<typeof findServerBinaries>[0],
  majorVersion: number,
): ReturnType<typeof findServerBinaries> {
  try {
    return await findServerBinaries(search, majorVersion);
  } catch {
    // Not that very version; a restore into a newer one works, an older one is refused by name.
    return await findServerBinaries(search);
  }
}
