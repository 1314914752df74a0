import type { Lsn } from './lsn.ts';
import type { BeginMessage } from './pgoutput-message.ts';

/** Where a replay stops. */
export type ReplayTarget =
  | { readonly kind: 'end' }
  /** Up to the last commit before the first that is later. Microseconds since 1970, UTC. */
  | { readonly kind: 'time'; readonly timeUs: bigint }
  /** Transactions whose commit record starts before it, as a backup's own point is meant. */
  | { readonly kind: 'lsn'; readonly lsn: Lsn }
  /** Including the transaction that holds the marker. */
  | { readonly kind: 'mark'; readonly name: string };

/**
 * Whether a transaction lies beyond the target. Commit times are not ordered as positions are
 * (by a millisecond at most), so the first later commit ends the replay, whatever follows it.
 */
export function liesBeyond(
  target: ReplayTarget,
  begin: Pick<BeginMessage, 'commitLsn' | 'commitTimeUs'>,
): boolean {
  if (target.kind === 'time') return begin.commitTimeUs > target.timeUs;
  return target.kind === 'lsn' && begin.commitLsn >= target.lsn;
}
