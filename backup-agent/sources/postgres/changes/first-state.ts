import type { ClientBase } from 'pg';
import { HoldfastError } from '../../../errors/holdfast-error.ts';
import { readCatalogStamp } from './catalog-stamp.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { FollowState } from './follow-state.ts';
import { hasLargeObjects } from './large-objects.ts';
import { formatLsn, type Lsn } from './lsn.ts';
import { readServerIdentity } from './server-identity.ts';
import { readTables, tableStates, type CatalogTable } from './table-catalog.ts';

/**
 * The follow state of a full, to be written as its meta object `follow-state.json`, but for the sequences,
 * which are read after the rows. `client` is in the snapshot that ends at `point`, and so were the
 * `tables` read, where they have been already.
 */
export async function firstFollowState(
  client: ClientBase,
  feed: Pick<ChangeFeed, 'slot' | 'publications' | 'leavesOut'>,
  point: Lsn,
  tables?: readonly CatalogTable[],
): Promise<Omit<FollowState, 'sequences'>> {
  const { server, types, publications, recovering } = await readServerIdentity(
    client,
    feed.publications,
  );
  if (recovering) {
    throw new HoldfastError('source-standby', 'the server is a standby: back up its primary');
  }
  const all = tables ?? (await readTables(client, feed.publications, server.majorVersion));
  return {
    format: 'holdfast-postgres-changes/1',
    server,
    slot: feed.slot,
    publications,
    types,
    point: formatLsn(point),
    tables: tableStates(all.filter((table) => feed.leavesOut?.(table) !== true)),
    catalogStamp: await readCatalogStamp(client),
    copies: [],
    hasLargeObjects: await hasLargeObjects(client),
  };
}
