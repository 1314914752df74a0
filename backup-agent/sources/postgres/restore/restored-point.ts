import type { Problem } from '../../../errors/holdfast-error.ts';
import type { BackupReader } from '../../source.ts';
import { formatLsn } from '../changes/lsn.ts';
import type { ReplayResult } from '../changes/replay.ts';
import type { ReplayTarget } from '../changes/replay-target.ts';
import type { RestorePlan } from '../changes/restore-plan.ts';

/** What decides which moment a restored database shows. */
export interface Reaching {
  readonly chain: readonly BackupReader[];
  readonly moment: ReplayTarget;
  /** Absent for a full that no incremental can follow. */
  readonly plan: RestorePlan | undefined;
  readonly replay: ReplayResult | undefined;
}

/** Where the stored changes end, or the last commit before a target inside them. */
export function restoredPoint({ chain, moment, plan, replay }: Reaching): {
  time: string;
  lsn?: string;
} {
  const at = moment.kind === 'end' ? chain.length - 1 : (plan?.boundary ?? 0);
  const whole = chain[at]?.point;
  if (whole === undefined) throw new TypeError('a chain holds at least its full');
  const lsn = whole.lsn === undefined ? {} : { lsn: whole.lsn };
  if (moment.kind === 'end' || !replay?.reached) return { time: whole.time, ...lsn };
  const { commitTimeUs, endLsn } = replay.reached;
  return {
    time: new Date(Number(commitTimeUs / 1000n)).toISOString(),
    lsn: formatLsn(endLsn),
  };
}

/** A target after the end of the backups is restored as near as they come, which must be said. */
export function missedTarget({ chain, moment, plan, replay }: Reaching): Problem[] {
  if (moment.kind === 'end' || moment.kind === 'mark') return [];
  if (plan?.covered === true || replay?.targetReached === true) return [];
  const last = chain.at(-1)?.point;
  const wanted =
    moment.kind === 'lsn'
      ? `LSN ${formatLsn(moment.lsn)}`
      : new Date(Number(moment.timeUs / 1000n)).toISOString();
  const end = `${last?.time ?? ''}${last?.lsn === undefined ? '' : ` (LSN ${last.lsn})`}`;
  return [{ where: wanted, what: `the backups end before it, at ${end}` }];
}
