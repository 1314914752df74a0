import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type {
  ChangeFeed,
  Session,
} from '../../../../../backup-agent/sources/postgres/changes/change-feed.ts';
import { emptyDatabase } from '../../../../fixtures/postgres/empty-database.ts';
import { serverProgram } from '../../../../support/server-programs.ts';

const run = promisify(execFile);

/** As every session that reads or writes values: their text must not depend on the server. */
const settings = `SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET extra_float_digits = 3;
  SET bytea_output = 'hex'; SET timezone = 'UTC'; SET client_encoding = 'UTF8';
  SET row_security = off; SET search_path = ''; SET lc_monetary = 'C'`;

const slot = 'holdfast_test';
const publications = ['holdfast_test_all', 'holdfast_test_keyed'];

/** A PostgreSQL server of its own on a Unix socket, with logical decoding, thrown away afterwards. */
export class TestServer implements AsyncDisposable {
  readonly folder: string;
  #process: ChildProcess | undefined;
  readonly #spare: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-pg-'));
    const server = new TestServer(folder);
    const { uid, gid } = await user();
    if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
    const options = ['-U', 'postgres', '-A', 'trust', '--no-sync', '--encoding', 'UTF8'];
    await run(serverProgram('initdb'), ['-D', server.#data, ...options, '--locale', 'C.UTF-8'], {
      ...(await user()),
      cwd: folder,
    });
    // Not on the command line, which ALTER SYSTEM could not overrule.
    await appendFile(join(server.#data, 'postgresql.conf'), `max_slot_wal_keep_size = '2GB'\n`);
    await server.boot();
    return server;
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  async boot(): Promise<void> {
    const parameters = {
      wal_level: 'logical',
      listen_addresses: '',
      unix_socket_directories: this.folder,
      max_connections: '40',
      max_prepared_transactions: '5',
      max_replication_slots: '20',
      max_wal_senders: '20',
      shared_buffers: '64MB',
      fsync: 'off',
      full_page_writes: 'off',
    };
    const flags = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(serverProgram('postgres'), ['-D', this.#data, ...flags], {
      ...(await user()),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', process.env['HOLDFAST_TEST_SERVER_LOG'] ? 'inherit' : 'ignore'],
    });
    await this.#ready();
  }

  /** SIGQUIT: no checkpoint, no farewell; the next start recovers from the log. */
  async stopImmediately(): Promise<void> {
    await this.#stop('SIGQUIT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop('SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }

  async connect(database = 'postgres'): Promise<Session & { readonly client: Client }> {
    return this.#open({ database, plain: true });
  }

  /** With the settings of an agent's session. */
  async session(database: string): Promise<Session> {
    const session = await this.#open({ database });
    await session.client.query(settings);
    return session;
  }

  async createDatabase(name: string): Promise<void> {
    await using session = await this.connect();
    const spare = this.#spare.pop();
    await session.client.query(
      spare === undefined
        ? `CREATE DATABASE "${name}"`
        : `ALTER DATABASE "${spare}" RENAME TO "${name}"`,
    );
  }

  /** Empties databases that nobody uses any more, to be the next that are created. */
  async recycle(...databases: string[]): Promise<void> {
    for (const database of databases) {
      await using session = await this.connect(database);
      await emptyDatabase(session.client);
      this.#spare.push(database);
    }
  }

  feed(database: string, options: Partial<ChangeFeed> = {}): ChangeFeed {
    return {
      slot,
      publications,
      maxWalBytes: 256 * 1024 * 1024,
      alignTimeoutMs: 10_000,
      connect: () => this.session(database),
      connectReplication: () => this.#open({ database, replication: 'database' }),
      dumpSchema: (snapshot) => this.#dumpSchema(database, snapshot),
      ...options,
    };
  }

  async pgDump(from: string, options: readonly string[]): Promise<string> {
    const { stdout } = await run(
      'pg_dump',
      ['-h', this.folder, '-U', 'postgres', ...options, from],
      {
        maxBuffer: 2 ** 30,
      },
    );
    return stdout;
  }

  async psql(database: string, sql: string): Promise<void> {
    const child = spawn(
      'psql',
      ['-h', this.folder, '-U', 'postgres', '-qX', '-v', 'ON_ERROR_STOP=1', database],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    );
    child.stdin.end(sql);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`psql ended with ${code}`);
  }

  async *#dumpSchema(database: string, snapshot: string): AsyncGenerator<Uint8Array> {
    const options = ['--schema-only', '--no-publications', '--snapshot', snapshot];
    yield Buffer.from(await this.pgDump(database, options));
  }

  async #open(options: {
    readonly database: string;
    readonly replication?: string;
    readonly plain?: boolean;
  }): Promise<Session & { readonly client: Client }> {
    const { database, replication } = options;
    const config = { host: this.folder, user: 'postgres', database };
    const client = new Client(
      replication === undefined ? config : ({ ...config, replication } as never),
    );
    // A stopped server is noticed by the query that fails, not by an event that nobody hears.
    client.on('error', () => undefined);
    await client.connect();
    return {
      client,
      async [Symbol.asyncDispose]() {
        await client.end().catch(() => undefined);
      },
    };
  }

  async #ready(): Promise<void> {
    for (;;) {
      if (this.#process?.exitCode !== null) throw new Error('the server did not start');
      try {
        await run('pg_isready', ['-q', '-h', this.folder]);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}

/** PostgreSQL refuses to run as root. */
async function user(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const { stdout } = await run('id', ['-u', 'postgres']);
  const group = await run('id', ['-g', 'postgres']);
  return { uid: Number(stdout), gid: Number(group.stdout) };
}
