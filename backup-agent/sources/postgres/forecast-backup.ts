import { z } from 'zod';
import type { BackupReader } from '../source.ts';
import { readTablePages } from './catalog.ts';
import { compareTables } from './changes/capture-step.ts';
import { defaultMaxWalBytes } from './changes/change-feed.ts';
import { whyNewFull } from './changes/chain-check.ts';
import { readFollowState } from './changes/read-follow-state.ts';
import { readServerIdentity } from './changes/server-identity.ts';
import { slotStatus } from './changes/slot.ts';
import { readTables } from './changes/table-catalog.ts';
import { connect, type PostgresSession } from './connection.ts';
import { readServerFacts } from './server-facts.ts';
import { jobPublications, leavesOut, type SourceSetup } from './source-setup.ts';

/** What a backup would read; sizes are the server's own, before compression. */
export interface BackupForecast {
  readonly kind: 'full' | 'incremental';
  /** Why it would be a full, where one would be taken although an incremental is asked for. */
  readonly reason?: string;
  /** Of log, all databases' changes included: only this one's are stored. */
  readonly logBytes: number;
  /** How many backups that makes: each is bounded. */
  readonly backups: number;
  /** Tables that would be read whole. */
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    readonly bytes: number;
    readonly reason: string;
  }[];
}

/** Looks at what the next incremental would read, and changes nothing. */
export async function forecastBackup(
  setup: SourceSetup,
  chain: readonly BackupReader[],
  signal: AbortSignal,
): Promise<BackupForecast> {
  await using session = await connect(setup.target, { signal });
  const newest = chain.at(-1);
  const slot = newest && slotOf.parse(newest.source).slot;
  if (newest === undefined || slot === undefined)
    return await forecastFull(setup, session, 'there is no full that an incremental could follow');
  const { client } = session;
  const names = jobPublications(setup.job);
  const publications = [names.all, names.keyed];
  const state = await readFollowState(newest, signal);
  const status = await slotStatus(client, state.slot);
  const server = await readServerIdentity(client, publications);
  const reason = whyNewFull({ state, server, slot: status });
  if (reason !== undefined) return await forecastFull(setup, session, reason);
  const feed = { publications, leavesOut: (table: TableName) => leavesOut(setup, table) };
  const { wanted } = await compareTables(client, { feed, state });
  const sizeOf = await readSizes(session);
  const logBytes = Number(status?.backlogBytes ?? 0n);
  return {
    kind: 'incremental',
    logBytes,
    backups: Math.max(1, Math.ceil(logBytes / defaultMaxWalBytes)),
    tables: wanted.map(({ table, reason: why }) => ({
      schema: table.schema,
      name: table.name,
      bytes: sizeOf(table.oid),
      reason: why,
    })),
  };
}

interface TableName {
  readonly schema: string;
  readonly name: string;
}

const slotOf = z.looseObject({ slot: z.string().optional() });

async function forecastFull(
  setup: SourceSetup,
  session: PostgresSession,
  reason: string,
): Promise<BackupForecast> {
  const { majorVersion } = await readServerFacts(session.client);
  const sizeOf = await readSizes(session);
  const tables = (await readTables(session.client, [], majorVersion))
    .filter((table) => table.kind === 'r' && table.extension === null && !leavesOut(setup, table))
    .map(({ oid, schema, name }) => ({ schema, name, bytes: sizeOf(oid), reason: 'a full' }));
  return { kind: 'full', reason, logBytes: 0, backups: 1, tables };
}

const blockRow = z.object({ bytes: z.coerce.number() });

async function readSizes({ client }: PostgresSession): Promise<(oid: number) => number> {
  const pages = await readTablePages(client);
  const { rows } = await client.query(`SELECT current_setting('block_size') AS bytes`);
  const { bytes } = blockRow.parse(rows[0]);
  return (oid) => (pages.get(oid) ?? 0) * bytes;
}
