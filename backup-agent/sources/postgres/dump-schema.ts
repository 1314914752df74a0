import { execa } from 'execa';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { BinarySearch } from '../../tools/postgres-binaries.ts';
import { findClientTool } from '../../tools/postgres-binaries.ts';
import { clientVariables, type ConnectionTarget, type Variables } from './connection-target.ts';
import { toDumpPattern } from './table-pattern.ts';

export interface SchemaDump {
  readonly target: ConnectionTarget;
  readonly binaries: BinarySearch;
  readonly variables: Variables;
  readonly serverMajorVersion: number;
  /** The snapshot to see the catalog in; without one, as it is now. */
  readonly snapshot?: string;
  readonly excludeTables: readonly string[];
  readonly signal: AbortSignal;
}

/** A statement of ours never queues in front of the application's for longer. */
const lockWaitMs = 5_000;

/**
 * The schema as SQL, by pg_dump: everything but rows, sequence positions and large objects. Throws
 * `tool-missing` without a pg_dump that is at least as new as the server, `source-refused` with
 * pg_dump's own words when it fails.
 */
export async function dumpSchema(dump: SchemaDump): Promise<{ sql: string; version: number }> {
  const tool = await findClientTool('pg_dump', dump.binaries, dump.serverMajorVersion);
  const { snapshot, excludeTables, signal } = dump;
  const result = await execa(
    tool.path,
    [
      '--section=pre-data',
      '--section=post-data',
      '--no-blobs',
      '--no-tablespaces',
      '--no-password',
      '--encoding=UTF8',
      `--lock-wait-timeout=${lockWaitMs}`,
      ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
      ...excludeTables.map((pattern) => `--exclude-table=${toDumpPattern(pattern)}`),
    ],
    {
      env: await clientVariables(dump.target, dump.variables),
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      cancelSignal: signal,
      maxBuffer: 1024 * 1024 * 1024,
    },
  );
  signal.throwIfAborted();
  if (result.exitCode !== 0) {
    const words = result.stderr.trim().split('\n').slice(0, 3).join('; ');
    throw new HoldfastError('source-refused', `pg_dump failed: ${words || result.shortMessage}`);
  }
  return { sql: withoutRestriction(result.stdout), version: tool.majorVersion };
}

/**
 * Recent minor versions fence the script with `\restrict <random key>`, which older psql do not know
 * and which makes equal schemas differ.
 */
export function withoutRestriction(sql: string): string {
  const key = /^\\restrict (\w+)$/m.exec(sql.slice(0, 4096))?.[1];
  if (key === undefined) return sql;
  return sql.replace(`\\restrict ${key}\n`, '').replace(`\\unrestrict ${key}`, '');
}
