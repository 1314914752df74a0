import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { unpackServer } from '../../tools/embedded-postgres.ts';
import type { ServerBinaries } from '../../tools/postgres-binaries.ts';
import { createServerDirectory, removeServer, serverRoot } from './server-directory.ts';
import { serverUser, type ServerUser } from './server-user.ts';

export interface ThrowawayServerOptions {
  readonly binaries: ServerBinaries;
  /** Server parameters, such as `wal_level: 'logical'`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** To listen on 127.0.0.1 too; without it nobody but this machine's user can reach it. */
  readonly tcpPort?: number;
  /** Off by default: nobody minds if a throw-away server loses its data in a power cut. */
  readonly durable?: boolean;
  /** Where its directory is made; a short path, because a socket's path must be short. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** A private PostgreSQL server. Disposing stops it and removes every trace. */
export interface ThrowawayServer extends AsyncDisposable {
  readonly directory: string;
  readonly majorVersion: number;
  readonly pid: number;
  /** A directory to pass as `host`: the server listens on a socket there and nowhere else. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A connection URL as superuser, without a password. */
  url(database?: string): string;
  /** Creates an empty database from `template0` and returns its URL. */
  createDatabase(name: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
}

const superuser = 'postgres';
const usualPort = 5432;
const startTimeoutMs = 60_000;

/**
 * Starts a server that nobody else can reach: a new data directory below a directory of mode 0700,
 * a Unix socket there, no TCP. Encoding UTF8, locale C.UTF-8. Two at once never meet. A failed start
 * leaves nothing behind and throws `tool-missing` with the server's own words.
 */
export async function startThrowawayServer(
  options: ThrowawayServerOptions,
): Promise<ThrowawayServer> {
  const user = await serverUser();
  const directory = await createServerDirectory(options.root ?? serverRoot(), user);
  try {
    const folder = await programs(options.binaries, directory);
    await initialise(folder, directory, user, options);
    const server = await launch(folder, directory, user, options);
    const port = options.tcpPort ?? usualPort;
    await whenReady(server, { directory, port }, options.signal);
    return describe({ directory, port }, options.binaries.majorVersion, server.pid);
  } catch (error) {
    const log = await readFile(logPath(directory), 'utf8').catch(() => '');
    await removeServer(directory);
    options.signal?.throwIfAborted();
    throw startFailure(error, log);
  }
}

function startFailure(error: unknown, log: string): HoldfastError {
  const words = log.trim().split('\n').slice(-3).join(' ');
  const reason = error instanceof Error ? error.message : String(error);
  const message = `a throw-away PostgreSQL server did not start: ${words || reason}`;
  return new HoldfastError('tool-missing', message, { cause: error });
}

/** A bundled server is copied next to its data, where the user it runs as can read it. */
async function programs(binaries: ServerBinaries, directory: string): Promise<string> {
  if (!binaries.bundle) return binaries.folder;
  return await unpackServer(binaries.bundle, join(directory, 'programs'));
}

async function initialise(
  folder: string,
  directory: string,
  user: ServerUser | undefined,
  { signal }: ThrowawayServerOptions,
): Promise<void> {
  // macOS has no C.UTF-8; there "C" sorts the same way.
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
  const { execa } = await import('execa');
  await execa(
    join(folder, 'initdb'),
    [
      `--pgdata=${dataPath(directory)}`,
      `--username=${superuser}`,
      `--locale=${locale}`,
      '--encoding=UTF8',
      '--auth=trust',
      '--no-sync',
    ],
    {
      ...spawnOptions(directory, user),
      extendEnv: false,
      stdin: 'ignore',
      ...(signal ? { cancelSignal: signal } : {}),
    },
  );
}

interface LaunchedServer {
  readonly pid: number;
  /** Resolves when the process ends. */
  readonly ended: Promise<void>;
}

async function launch(
  folder: string,
  directory: string,
  user: ServerUser | undefined,
  { settings = {}, durable = false, tcpPort }: ThrowawayServerOptions,
): Promise<LaunchedServer> {
  const parameters = {
    listen_addresses: tcpPort === undefined ? '' : '127.0.0.1',
    unix_socket_directories: directory,
    unix_socket_permissions: '0700',
    port: String(tcpPort ?? usualPort),
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...settings,
  };
  const flags = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(logPath(directory), 'a');
  try {
    // Its life must not depend on an exit handler of ours: the marker file finds it.
    const child = spawn(join(folder, 'postgres'), ['-D', dataPath(directory), ...flags], {
      ...spawnOptions(directory, user),
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = Promise.withResolvers<void>();
    child.once('error', () => ended.resolve());
    child.once('exit', () => ended.resolve());
    return { pid: child.pid ?? 0, ended: ended.promise };
  } finally {
    await log.close();
  }
}

function spawnOptions(directory: string, user: ServerUser | undefined) {
  return {
    cwd: directory,
    // Nothing of the surroundings reaches the server: no PG… variables, no foreign locale.
    extendEnv: false,
    env: {
      PATH: '/usr/bin:/bin',
      LC_ALL: process.platform === 'linux' ? 'C.UTF-8' : 'C',
      TZ: 'UTC',
    },
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  };
}

/** Ready is who answers; a server that ends first has failed. */
async function whenReady(
  server: LaunchedServer,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<void> {
  let ended = false;
  const watch = async () => {
    await server.ended;
    ended = true;
  };
  void watch();
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if (ended) throw new Error('the server ended at once');
    if (await answers(place)) return;
    await delay(20);
  }
  throw new Error(`the server did not answer within ${startTimeoutMs / 1000} s`);
}

interface Place {
  readonly directory: string;
  readonly port: number;
}

async function answers({ directory, port }: Place): Promise<boolean> {
  const client = new Client({ host: directory, port, user: superuser, database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function describe({ directory, port }: Place, majorVersion: number, pid: number): ThrowawayServer {
  const url = (database = 'postgres') =>
    `postgres://${superuser}@/${encodeURIComponent(database)}?host=${encodeURIComponent(directory)}&port=${port}`;
  const asSuperuser = async (statement: string) => {
    const client = new Client({ host: directory, port, user: superuser, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  return {
    directory,
    majorVersion,
    pid,
    host: directory,
    port,
    user: superuser,
    url,
    async createDatabase(name) {
      await asSuperuser(`CREATE DATABASE ${quoted(name)} TEMPLATE template0`);
      return url(name);
    },
    async dropDatabase(name) {
      await asSuperuser(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
    },
    async [Symbol.asyncDispose]() {
      await removeServer(directory);
    },
  };
}

function dataPath(directory: string): string {
  return join(directory, 'data');
}

function logPath(directory: string): string {
  return join(directory, 'server.log');
}
