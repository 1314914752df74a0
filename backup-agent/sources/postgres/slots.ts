import type { ClientBase } from 'pg';
import { z } from 'zod';
import { dropSlot, judgeSlot, slotStatus, type SlotVerdict } from './changes/slot.ts';
import { connect } from './connection.ts';
import { isSlotOf, type SourceSetup } from './source-setup.ts';

const slotRow = z.object({ name: z.string() });

/** The lasting slots in this database that a job has made. */
export async function slotsOfJob(client: ClientBase, job: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT slot_name AS name FROM pg_catalog.pg_replication_slots
     WHERE database = current_database() AND NOT temporary ORDER BY 1`,
  );
  const names = z
    .array(slotRow)
    .parse(rows)
    .map(({ name }) => name);
  return names.filter((name) => isSlotOf(job, name));
}

/**
 * A run that was killed between making its slot and committing its full leaves a slot that keeps log
 * on the server for ever. Of this job's slots only the chain's own may stay. Returns what it dropped;
 * without `keep`, a job that is removed leaves nothing.
 */
export async function dropOtherSlots(
  client: ClientBase,
  job: string,
  keep: string | undefined,
): Promise<string[]> {
  const slots = await slotsOfJob(client, job);
  const others = slots.filter((name) => name !== keep);
  for (const name of others) await dropSlot(client, name);
  return others;
}

export interface GuardedSlot {
  readonly slot: string;
  readonly verdict: SlotVerdict;
}

/**
 * Drops a job's slots that keep more log than `slot.dropAt`, because a full disk stops the database
 * and a missing slot only means a new full. For a watch between runs; a run reads the slot instead.
 */
export async function guardSlots(setup: SourceSetup, signal: AbortSignal): Promise<GuardedSlot[]> {
  await using session = await connect(setup.target, { signal });
  const guarded: GuardedSlot[] = [];
  for (const slot of await slotsOfJob(session.client, setup.job)) {
    const status = await slotStatus(session.client, slot);
    if (!status) continue;
    const verdict = judgeSlot(status, setup.slot);
    if (verdict.action === 'drop') await dropSlot(session.client, slot);
    guarded.push({ slot, verdict });
  }
  return guarded;
}
