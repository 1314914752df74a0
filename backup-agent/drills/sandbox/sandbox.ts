import type { DrillConfiguration } from '../../../contracts/job.ts';
import {
  resolveTarget,
  type ConnectionTarget,
  type Variables,
} from '../../sources/postgres/connection-target.ts';
import { findServerBinaries } from '../../tools/postgres-binaries.ts';
import { removeAbandonedServers } from './server-directory.ts';
import { startThrowawayServer } from './throwaway-server.ts';

/** An empty database to restore into. Disposing it leaves nothing behind. */
export interface Sandbox extends AsyncDisposable {
  readonly target: ConnectionTarget;
}

export interface SandboxOptions {
  readonly configuration: DrillConfiguration['sandbox'];
  readonly environment: Variables;
  /** Resolves the password of a `dsn` sandbox. */
  readonly password?: () => Promise<string>;
  /** Of the server that was backed up: an older one could not take the restore. */
  readonly majorVersion: number;
  readonly signal: AbortSignal;
}

/**
 * Opens the sandbox that the configuration asks for: a private throw-away server, or a database that
 * somebody else provides (whose emptiness the restore checks). Removes what killed drills left.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { configuration, environment, signal } = options;
  if (configuration.type === 'dsn')
    return {
      target: await resolveTarget({
        url: configuration.url,
        environment: {},
        password: options.password,
      }),
      async [Symbol.asyncDispose]() {},
    };
  await removeAbandonedServers();
  const search = { folder: configuration.binaries, searchPath: environment['PATH'] };
  const binaries = await findNewEnough(search, options.majorVersion);
  const server = await startThrowawayServer({ binaries, signal });
  return {
    target: await resolveTarget({ url: await server.createDatabase('drill'), environment: {} }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
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
