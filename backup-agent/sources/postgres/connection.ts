import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { Client, type ClientConfig } from 'pg';
import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { ConnectionTarget } from './connection-target.ts';
import { connectionFailure } from './server-error.ts';

/** One session with a server; disposing ends it, whatever it is doing. */
export interface PostgresSession extends AsyncDisposable {
  readonly client: Client;
  /** Its backend on the server. */
  readonly pid: number;
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Ends a statement that takes longer; none by default, because COPY takes as long as it takes. */
  readonly statementTimeoutMs?: number;
  /** Ends a statement that waits longer for a lock, so that nothing queues up behind it. */
  readonly lockTimeoutMs?: number;
  /** A session that speaks the replication protocol for the target's database. */
  readonly replication?: boolean;
}

const connectTimeoutMs = 30_000;

/**
 * Values as text must not depend on a server's, database's or role's settings. Row security off turns
 * rows that a policy would silently hide into an error.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  timezone: 'UTC',
  row_security: 'off',
  search_path: '',
  lc_monetary: 'C',
  standard_conforming_strings: 'on',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  idle_in_transaction_session_timeout: '0',
  synchronize_seqscans: 'off',
};

/**
 * Opens a session with the fixed settings. When the signal aborts, whatever the session runs on the
 * server is cancelled. Throws `source-unreachable`, `source-denied`, or `source-pooler` when what
 * answers is not the server itself.
 */
export async function connect(
  target: ConnectionTarget,
  options: ConnectOptions,
): Promise<PostgresSession> {
  options.signal.throwIfAborted();
  const client = await open(target, options);
  try {
    const pid = await settle(client, target, options);
    return guarded(client, pid, target, options.signal);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionFailure(error, target);
  }
}

async function open(target: ConnectionTarget, options: ConnectOptions): Promise<Client> {
  const overSocket = target.host.startsWith('/');
  const tls = overSocket || target.tls === 'disable' ? false : tlsOptions(target);
  try {
    return await openOnce(target, options, tls);
  } catch (error) {
    const optional = target.tls === 'prefer' || target.tls === 'allow';
    if (tls !== false && optional && refusesTls(error)) {
      return await openOnce(target, options, false).catch((cause: unknown) => {
        throw connectionFailure(cause, target);
      });
    }
    throw connectionFailure(error, target);
  }
}

async function openOnce(
  target: ConnectionTarget,
  options: ConnectOptions,
  ssl: NonNullable<ClientConfig['ssl']>,
): Promise<Client> {
  const password = await target.password();
  const config: ClientConfig & { replication?: 'database' } = {
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    // An empty text, so that the driver does not look for one by itself.
    password: password ?? '',
    ssl,
    application_name: options.applicationName ?? 'holdfast',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(options.replication ? { replication: 'database' } : {}),
  };
  const client = new Client(config);
  // A connection that breaks between two queries would end the process; the next query reports it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** As libpq: `verify-full` checks chain and name; with a CA at hand, `require` checks the chain. */
function tlsOptions({ tls, ca, host }: ConnectionTarget): NonNullable<ClientConfig['ssl']> {
  const authorities = ca === undefined ? {} : { ca };
  if (tls === 'verify-full')
    return {
      ...authorities,
      rejectUnauthorized: true,
      // An address is no name to ask for, but a certificate may be made out to it.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    };
  if (tls === 'verify-ca' || (tls === 'require' && ca !== undefined))
    return { ...authorities, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false };
}

function refusesTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL');
}

/** Applies the settings and asks for the backend's id; in one query, for each is a round trip. */
async function settle(
  client: Client,
  target: ConnectionTarget,
  options: ConnectOptions,
): Promise<number> {
  const settings = {
    ...sessionSettings,
    statement_timeout: String(options.statementTimeoutMs ?? 0),
    lock_timeout: String(options.lockTimeoutMs ?? 0),
  };
  const sets = Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}'`);
  // No end first, for it may be near.
  const statements = [withoutEnd, ...sets, askForPid];
  // Before version 15 a replication session takes one statement at a time.
  const queries = options.replication ? statements : [statements.join(';')];
  let answer: unknown;
  for (const query of queries) answer = await client.query(query);
  return backendPid(client, target, Array.isArray(answer) ? answer.at(-1) : answer);
}

/** A full takes as long as it takes. Each of these exists from some version on. */
const withoutEnd = `
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
WHERE name IN ('idle_session_timeout', 'transaction_timeout')`;

const askForPid = 'SELECT pg_catalog.pg_backend_pid() AS pid';
const pidAnswer = z.object({ rows: z.tuple([z.object({ pid: z.int() })]) });

/**
 * A server tells its own backend's id when a session starts; a pooler tells one that it made up, and
 * hands the next statement to another backend.
 */
function backendPid(client: Client, target: ConnectionTarget, answer: unknown): number {
  const [{ pid }] = pidAnswer.parse(answer).rows;
  const announced: unknown = Reflect.get(client, 'processID');
  if (announced !== pid) {
    throw new HoldfastError(
      'source-pooler',
      `${target.host}:${target.port} answers through a connection pooler, not as the server itself`,
    );
  }
  return pid;
}

function guarded(
  client: Client,
  pid: number,
  target: ConnectionTarget,
  signal: AbortSignal,
): PostgresSession {
  const onAbort = () => {
    void cancelBackend(target, pid);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    client,
    pid,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', onAbort);
      await client.end().catch(() => undefined);
    },
  };
}

/** Cancels what a backend of ours runs; a backend that is gone needs none. */
export async function cancelBackend(target: ConnectionTarget, pid: number): Promise<void> {
  try {
    const client = await open(target, { signal: AbortSignal.timeout(connectTimeoutMs) });
    try {
      await client.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid]);
    } finally {
      await client.end();
    }
  } catch {
    // The server is out of reach: the session breaks by itself.
  }
}
