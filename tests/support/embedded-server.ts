import { createRequire } from 'node:module';
import { embeddedServer } from '../../backup-agent/tools/embedded-postgres.ts';
import type { ServerBinaries } from '../../backup-agent/tools/postgres-binaries.ts';

/**
 * The oldest and the newest server that are supported, from npm, where this platform has them: the
 * registry's version 13 is complete for Linux on x64 alone, so package.json overrides the others.
 */
export async function embeddedVersion(majorVersion: 13 | 18): Promise<ServerBinaries | undefined> {
  const old = () => createRequire(import.meta.url).resolve('embedded-postgres-13');
  const found = await (majorVersion === 13 ? embeddedServer(old()) : embeddedServer());
  return found?.majorVersion === majorVersion ? found : undefined;
}
