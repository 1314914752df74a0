import { readdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '../../errors/holdfast-error.ts';

/** What every data directory holds, and the folder of a server in a tablespace: PG_15_202209061. */
const signOfServer = /^(?:PG_VERSION|PG_\d[\d.]*_\d+)$/;

/**
 * Throws `target-unsuitable` where `directory` lies in, or is, the data directory or a tablespace of any
 * PostgreSQL server: a sandbox there would end up in the server's base backups, or worse.
 * https://www.postgresql.org/docs/current/storage-file-layout.html
 */
export async function refuseServerData(directory: string): Promise<void> {
  for (let place = await realpath(directory); ; place = dirname(place)) {
    const sign = (await namesIn(place)).find((name) => signOfServer.test(name));
    if (sign !== undefined)
      throw new HoldfastError(
        'target-unsuitable',
        `the sandbox's directory ${directory} belongs to a PostgreSQL server: ${place} holds ${sign}`,
        { hint: 'name a directory of its own in `drill.sandbox.directory`; nothing was changed' },
      );
    if (place === dirname(place)) return;
  }
}

/** None where this user may not look: no server of this user's lies there, then. */
async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}
