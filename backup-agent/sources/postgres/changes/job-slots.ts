import type { SourceContext } from '../../source.ts';
import { connect } from '../connection.ts';
import { isSlotOf, jobPublications, type SourceSetup } from '../source-setup.ts';
import { forgetJob, guardSlot, type Forgotten } from './slot-safety.ts';
import { slotStatus, type SlotVerdict } from './slot.ts';

type Watch = Pick<SourceContext, 'signal' | 'log'>;

/** Guards a chain's slot with the job's limits, for a run that fails: it may be dropped. */
export async function guardChainSlot(
  setup: SourceSetup,
  slot: string,
  context: Watch,
): Promise<SlotVerdict> {
  await using session = await connect(setup.target, { signal: context.signal });
  return await guardSlot(session.client, slot, setup.slot, context.log);
}

/** What the server keeps for a chain's slot. */
export interface ChainSlot {
  readonly slot: string;
  /** WAL on the server's disk. */
  readonly retainedBytes: number;
  /** WAL that the next incremental has to read. */
  readonly backlogBytes: number;
}

/**
 * The daemon's look at a slot between runs: says what it keeps, and guards it as `guardChainSlot`
 * does. Nothing is dropped while a backend reads it. Undefined when the server has no such slot.
 */
export async function watchChainSlot(
  setup: SourceSetup,
  slot: string,
  context: Watch,
  options: { readonly drop: boolean },
): Promise<ChainSlot | undefined> {
  await using session = await connect(setup.target, { signal: context.signal });
  const status = await slotStatus(session.client, slot);
  if (!status) return undefined;
  const { warnBytes, dropBytes } = setup.slot;
  const mayDrop = options.drop && status.activePid === null;
  const limits = { warnBytes, dropBytes: mayDrop ? dropBytes : undefined };
  const verdict = await guardSlot(session.client, slot, limits, context.log);
  if (verdict.action === 'drop') return undefined;
  const { retainedBytes, backlogBytes } = status;
  return {
    slot,
    retainedBytes: Number(retainedBytes ?? 0n),
    backlogBytes: Number(backlogBytes ?? 0n),
  };
}

/**
 * `holdfast source forget`: drops every slot of the job, and its publications on demand. The backups
 * stay; the next one would be a full.
 */
export async function forgetSource(
  setup: SourceSetup,
  signal: AbortSignal,
  options: { readonly publications: boolean },
): Promise<Forgotten> {
  await using session = await connect(setup.target, { signal });
  const names = options.publications ? jobPublications(setup.job) : undefined;
  return await forgetJob(session.client, (name) => isSlotOf(setup.job, name), names);
}
