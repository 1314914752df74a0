import { statSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processCommand, processStart } from './process-identity.ts';
import type { ServerUser } from './server-user.ts';

const prefix = 'holdfast-pg-';
/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const longestDirectory = 80;

const marker = z.object({ pid: z.int().positive(), start: z.string() });

/**
 * Where throw-away servers live: short enough for a socket's path, and open to the user that a server
 * of root's runs as (root's own temporary folder often is not).
 */
export function serverRoot(temporary = tmpdir()): string {
  const short = temporary.length + prefix.length + 6 <= longestDirectory;
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
  const directory = await mkdtemp(join(root, prefix));
  await chmod(directory, 0o700);
  const start = (await processStart(process.pid)) ?? '';
  await writeFile(markerPath(directory), JSON.stringify({ pid: process.pid, start }));
  if (user) await chown(directory, user.uid, user.gid);
  return directory;
}

function markerPath(directory: string): string {
  return join(directory, 'owner.json');
}

/**
 * Stops and removes the servers whose owner is gone, killed before it could. Touches nothing whose
 * owner lives, that has no readable marker, or that another user owns. Returns what it removed.
 */
export async function removeAbandonedServers(root = serverRoot()): Promise<string[]> {
  const removed: string[] = [];
  for (const entry of await readdir(root)) {
    if (!entry.startsWith(prefix)) continue;
    const directory = join(root, entry);
    if (!(await isAbandoned(directory))) continue;
    await removeServer(directory);
    removed.push(directory);
  }
  return removed;
}

async function isAbandoned(directory: string): Promise<boolean> {
  try {
    const { uid } = await stat(markerPath(directory));
    if (uid !== process.getuid?.()) return false;
    const owner = marker.parse(JSON.parse(await readFile(markerPath(directory), 'utf8')));
    return (await processStart(owner.pid)) !== owner.start;
  } catch {
    // Another one is making or removing it at this moment, or it is not ours to read.
    return false;
  }
}

/** Stops the server in `directory`, if one runs, and removes everything. */
export async function removeServer(directory: string): Promise<void> {
  await stopServer(join(directory, 'data'));
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** Immediate shutdown: nothing in a throw-away server is worth a checkpoint. */
async function stopServer(dataDirectory: string): Promise<void> {
  const pid = await serverPid(dataDirectory);
  if (pid === undefined) return;
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

/** The postmaster of a data directory: by its pid file, and only if it really serves that one. */
async function serverPid(dataDirectory: string): Promise<number | undefined> {
  const file = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(file, 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await processCommand(pid)).includes(dataDirectory) ? pid : undefined;
}
