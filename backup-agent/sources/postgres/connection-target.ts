import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseUrl } from 'pg-connection-string';
import { z } from 'zod';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { readPassword } from './password-file.ts';
import type { TokenPlace } from './rds-token.ts';
import { readService } from './service-file.ts';

/** Environment variables, passed in: libpq's PG… ones are understood. */
export type Variables = Readonly<Record<string, string | undefined>>;

const tlsModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** Where a server is and how to sign in: everything settled, nothing left to defaults. */
export interface ConnectionTarget {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly tls: TlsMode;
  /** PEM text of the certificate authorities to trust. */
  readonly ca?: string;
  /** The file of the same, for libpq's programs. */
  readonly caFile?: string;
  /** Asked once per connection, because a token may have a short life. */
  password(): Promise<string | undefined>;
}

export interface TargetOptions {
  readonly url?: string;
  readonly environment: Variables;
  readonly password?: ((place: TokenPlace) => Promise<string>) | undefined;
  readonly caFile?: string | undefined;
}

/**
 * Settles where to connect, as libpq does: the URL first, then the service file, then the PG…
 * variables, then the defaults. The password comes from the function, the URL, PGPASSWORD, or the
 * password file. Throws `config-invalid` for what makes no sense.
 */
export async function resolveTarget(options: TargetOptions): Promise<ConnectionTarget> {
  const { environment } = options;
  const url = readUrl(options.url ?? '');
  const serviceName = url['service'] ?? environment['PGSERVICE'];
  const service = serviceName === undefined ? {} : await readService(serviceName, environment);
  const setting = (key: string, variable: string): string | undefined =>
    url[key] ?? service[key] ?? nonEmpty(environment[variable]);
  const user = setting('user', 'PGUSER') ?? environment['USER'] ?? 'postgres';
  const caFile = options.caFile ?? setting('sslrootcert', 'PGSSLROOTCERT');
  const place = {
    host: setting('host', 'PGHOST') ?? 'localhost',
    port: parsePort(setting('port', 'PGPORT') ?? '5432'),
    user,
    database: setting('dbname', 'PGDATABASE') ?? user,
  };
  const given = setting('password', 'PGPASSWORD');
  return {
    ...place,
    tls: parseTls(setting('sslmode', 'PGSSLMODE'), caFile),
    ...(caFile === undefined || caFile === 'system'
      ? {}
      : { caFile, ca: await readCertificates(caFile) }),
    password: async () =>
      (await options.password?.(place)) ?? given ?? (await readPassword(place, environment)),
  };
}

/** The same URL for another server; what stands in its query, such as a socket's directory, goes first. */
export function withHost(url: string, host: string): string {
  const [address = '', query = ''] = url.split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  if (parameters.has('host')) {
    parameters.set('host', host);
    return `${address}?${parameters.toString()}`;
  }
  const other = address.replace(
    /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)(\[[^\]]*\]|[^:/]*)/,
    (_, start: string) => `${start}${host}`,
  );
  return query === '' ? other : `${other}?${query}`;
}

/** The parts of a connection URL under libpq's names. */
function readUrl(url: string): Record<string, string | undefined> {
  if (url === '') return {};
  const [address = '', query = ''] = url.split(/\?(.*)/s);
  let parsed;
  let database;
  try {
    parsed = parseUrl(address);
    database = readDatabase(address);
  } catch {
    // Its message would quote the address, and that may hold a password.
    throw new HoldfastError('config-invalid', 'the connection URL of the database is malformed');
  }
  return {
    host: nonEmpty(parsed.host),
    port: nonEmpty(parsed.port),
    user: nonEmpty(parsed.user),
    password: nonEmpty(parsed.password),
    dbname: nonEmpty(database),
    ...Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Decoded whole; the driver's parser leaves `;`, `#` and the like as they are encoded. */
function readDatabase(address: string): string | undefined {
  const path = /^[a-z]+:\/\/[^/]*\/(.*)$/s.exec(address)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new HoldfastError('config-invalid', `${JSON.stringify(text)} is no port of a database`);
}

function parseTls(text: string | undefined, caFile: string | undefined): TlsMode {
  // libpq verifies fully when told to trust the system's authorities.
  if (text === undefined) return caFile === 'system' ? 'verify-full' : 'prefer';
  const mode = z.enum(tlsModes).safeParse(text);
  if (mode.success) return mode.data;
  throw new HoldfastError(
    'config-invalid',
    `${JSON.stringify(text)} is no sslmode (there are: ${tlsModes.join(', ')})`,
  );
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new HoldfastError('config-invalid', `the CA file ${file} cannot be read`, { cause });
  }
}

/** The environment that a program of libpq gets: it finds the server, and no password is in argv. */
export async function clientVariables(
  target: ConnectionTarget,
  search: Variables,
): Promise<Record<string, string>> {
  const password = await target.password();
  return {
    PATH: search['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGSSLMODE: target.tls,
    PGAPPNAME: 'holdfast',
    PGCONNECT_TIMEOUT: '30',
    // No file of this machine's user decides anything.
    PGPASSFILE: join('/', 'dev', 'null'),
    PGSERVICEFILE: join('/', 'dev', 'null'),
    ...(target.caFile === undefined ? {} : { PGSSLROOTCERT: target.caFile }),
    ...(password === undefined ? {} : { PGPASSWORD: password }),
  };
}
