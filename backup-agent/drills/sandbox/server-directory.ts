import { statSync } from 'node:fs';
import { chown, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  abandonedDirectories,
  createOwnedDirectory,
  removeOwnedDirectory,
} from './owned-directory.ts';
import { processCommand, processIds, processStart } from './process-identity.ts';
import type { ServerUser } from './server-user.ts';

const prefix = 'holdfast-pg-';
/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const longestDirectory = 80;

/**
 * Where throw-away servers live: short enough for a socket's path, and open to the user that a server
 * of root's runs as (root's own temporary folder often is not).
 */
export function serverRoot(temporary = tmpdir()): string {
  const short = temporary.length + prefix.length + 8 <= longestDirectory;
  return short && (process.getuid?.() !== 0 || isOpenToOthers(temporary)) ? temporary : '/tmp';
}

function isOpenToOthers(directory: string): boolean {
  const parent = dirname(directory);
  const searchable = (statSync(directory, { throwIfNoEntry: false })?.mode ?? 0) & 0o001;
  return searchable !== 0 && (parent === directory || isOpenToOthers(parent));
}

/** A private directory, marked with the process that owns it. */
export async function createServerDirectory(
  root: string,
  user: ServerUser | undefined,
): Promise<string> {
  const directory = await createOwnedDirectory(root, prefix);
  if (user) await chown(directory, user.uid, user.gid);
  return directory;
}

/**
 * Stops and removes the servers whose owner is gone, killed before it could. Touches nothing whose
 * owner lives, that has no readable mark, or whose mark is another user's. Returns what it removed.
 */
export async function removeAbandonedServers(root = serverRoot()): Promise<string[]> {
  const abandoned = await abandonedDirectories(root, prefix);
  for (const directory of abandoned) {
    // One that was just being made or started has no pid file yet.
    for (const pid of await programsOf(join(directory, 'data'))) await stop(pid);
    await removeServer(directory);
  }
  return abandoned;
}

/** Stops the server in `directory`, if one runs, and removes everything. */
export async function removeServer(directory: string): Promise<void> {
  const pid = await serverPid(join(directory, 'data'));
  if (pid !== undefined) await stop(pid);
  await removeOwnedDirectory(directory);
}

/** Immediate shutdown: nothing in a throw-away server is worth a checkpoint. */
async function stop(pid: number): Promise<void> {
  const start = await processStart(pid);
  const waits = 200;
  for (let wait = 0; wait < waits; wait += 1) {
    if (start === undefined || (await processStart(pid)) !== start) return;
    // SIGQUIT is `pg_ctl stop -m immediate`; a server that does not heed it is killed.
    kill(pid, wait < waits / 2 ? 'SIGQUIT' : 'SIGKILL');
    await delay(50);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime, which is what was wanted.
  }
}

/** Processes of PostgreSQL's server programs that were started for a data directory. */
async function programsOf(dataDirectory: string): Promise<number[]> {
  const started = new RegExp(`^\\S*(?:initdb|postgres) .*${RegExp.escape(dataDirectory)}(?: |$)`);
  const commands = await Promise.all(
    (await processIds()).map(async (pid) => ({ pid, command: await processCommand(pid) })),
  );
  return commands.filter(({ command }) => started.test(command)).map(({ pid }) => pid);
}

/** The postmaster of a data directory: by its pid file, and only if it really serves that one. */
async function serverPid(dataDirectory: string): Promise<number | undefined> {
  const file = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(file, 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await processCommand(pid)).includes(dataDirectory) ? pid : undefined;
}
