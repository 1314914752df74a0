import { readdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../errors/holdfast-error.ts';

/** What every data directory holds, and the folder of a server in a tablespace: PG_15_202209061. */
const signOfServer = /^(?:PG_VERSION|PG_\d[\d.]*_\d+)$/;

const hint = 'name a directory of its own in `drill.sandbox.directory`; nothing was changed';

/**
 * Throws `target-unsuitable` where there is no such directory, and where it lies in, or is, the data
 * directory or a tablespace of any PostgreSQL server: a sandbox there would end up in the server's base
 * backups, or worse. https://www.postgresql.org/docs/current/storage-file-layout.html
 */
export async function assertSandboxDirectory(directory: string): Promise<void> {
  for (let place = await realPathOf(directory); ; place = dirname(place)) {
    const sign = (await namesIn(place)).find((name) => signOfServer.test(name));
    if (sign !== undefined)
      throw new HoldfastError(
        'target-unsuitable',
        `the sandbox's directory ${directory} belongs to a PostgreSQL server: ${place} holds ${sign}`,
        { hint },
      );
    if (place === dirname(place)) return;
  }
}

async function realPathOf(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = `the sandbox's directory ${directory} cannot be used: ${why}`;
    throw new HoldfastError('target-unsuitable', what, { hint, cause: error });
  }
}

/** None where this user may not look: who may not list a data directory may not pass it either (0700, 0750). */
async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}
