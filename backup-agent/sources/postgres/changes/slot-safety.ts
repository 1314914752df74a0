import type { ClientBase } from 'pg';
import { z } from 'zod';
import type { Log } from '../../source.ts';
import type { PublicationNames } from './publications.ts';
import { quoteIdentifier } from './quote.ts';
import { dropSlot, judgeSlot, slotStatus, type SlotLimits, type SlotVerdict } from './slot.ts';

/**
 * Looks at a slot and acts: says when it keeps much, and drops it at the limit, because a database
 * without room stops and a chain without its slot only needs a new full. For every run that could not
 * read the slot, and for the daemon in between. A slot that is not there needs nothing.
 */
export async function guardSlot(
  client: ClientBase,
  name: string,
  limits: SlotLimits,
  log: Log,
): Promise<SlotVerdict> {
  const status = await slotStatus(client, name);
  if (status === undefined) return { action: 'none' };
  const verdict = judgeSlot(status, limits);
  if (verdict.action === 'warn') log.warn({ slot: name }, verdict.why);
  if (verdict.action === 'drop') {
    await dropSlot(client, name);
    log.warn({ slot: name }, `${verdict.why}; dropped, so the next backup is a full`);
  }
  return verdict;
}

export interface Forgotten {
  readonly slots: readonly string[];
  readonly publications: readonly string[];
}

const nameRow = z.object({ name: z.string() });

/**
 * Removes what a job has on its server: every slot of this database whose name `isOurs`, and the
 * publications if they are named. The next backup of the job would be a full. Run again, it finds
 * nothing and is content.
 */
export async function forgetJob(
  client: ClientBase,
  isOurs: (slot: string) => boolean,
  publications?: PublicationNames,
): Promise<Forgotten> {
  const found = await client.query(
    `SELECT slot_name AS name FROM pg_catalog.pg_replication_slots
     WHERE database = current_database() AND NOT temporary ORDER BY 1`,
  );
  const slots: string[] = [];
  for (const { name } of z.array(nameRow).parse(found.rows)) {
    if (isOurs(name) && (await dropSlot(client, name))) slots.push(name);
  }
  const wanted = publications === undefined ? [] : [publications.all, publications.keyed];
  const there = await client.query(
    'SELECT pubname AS name FROM pg_catalog.pg_publication WHERE pubname = ANY ($1::text[])',
    [wanted],
  );
  const dropped = z.array(nameRow).parse(there.rows);
  for (const { name } of dropped) await client.query(`DROP PUBLICATION ${quoteIdentifier(name)}`);
  return { slots, publications: dropped.map(({ name }) => name) };
}
