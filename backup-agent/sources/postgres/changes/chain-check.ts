import type { FollowState } from './follow-state.ts';
import { formatLsn, parseLsn } from './lsn.ts';
import type { ServerIdentity } from './server-identity.ts';
import type { SlotStatus } from './slot.ts';

export interface ChainFacts {
  /** Of the newest committed backup. */
  readonly state: FollowState;
  readonly server: ServerIdentity;
  readonly slot: SlotStatus | undefined;
}

/** Why the chain cannot go on and a new full is needed; undefined when it can. A pure decision. */
export function whyNewFull(facts: ChainFacts): string | undefined {
  return whyServer(facts) ?? whySlot(facts) ?? whyPublications(facts) ?? whyTypes(facts);
}

function whyServer({ state, server }: ChainFacts): string | undefined {
  const [before, now] = [state.server, server.server];
  if (before.systemIdentifier !== now.systemIdentifier) return 'another database server answers';
  if (before.database !== now.database) return 'another database answers';
  if (before.majorVersion !== now.majorVersion) {
    return `the server went from PostgreSQL ${before.majorVersion} to ${now.majorVersion}`;
  }
  if (before.timeline !== now.timeline) return 'the server was promoted or restored (new timeline)';
  return undefined;
}

function whySlot({ state, slot }: ChainFacts): string | undefined {
  const name = state.slot;
  if (slot === undefined) return `the replication slot ${name} is missing`;
  if (slot.plugin !== 'pgoutput' || slot.database !== state.server.database) {
    return `the replication slot ${name} is not the one that was made`;
  }
  if (slot.walStatus === 'lost' || slot.walStatus === null || slot.confirmedLsn === null) {
    return `the replication slot ${name} is lost: the server removed log that was not read in time`;
  }
  if (slot.confirmedLsn > parseLsn(state.point)) {
    return (
      `somebody else read the replication slot ${name}: it stands at ` +
      `${formatLsn(slot.confirmedLsn)}, the newest backup ends at ${state.point}`
    );
  }
  return undefined;
}

function whyPublications({ state, server }: ChainFacts): string | undefined {
  for (const { name, stamp } of state.publications) {
    const now = server.publications.find((publication) => publication.name === name);
    if (now === undefined) return `the publication ${name} is missing`;
    if (now.stamp !== stamp) return `the publication ${name} was changed or made again`;
  }
  return undefined;
}

/** Rows that an older backup holds would no longer read as they did. */
function whyTypes({ state, server }: ChainFacts): string | undefined {
  for (const [type, definition] of Object.entries(state.types)) {
    const now = server.types[type];
    if (now !== undefined && now !== definition)
      return 'an enum label or composite type was changed';
  }
  return undefined;
}
