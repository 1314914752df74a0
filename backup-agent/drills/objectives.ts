import type { Objectives } from '../../contracts/job.ts';
import type { ObjectiveResult } from '../../contracts/evidence.ts';

export interface Measured {
  /** When the drill began: the moment of the imagined disaster. */
  readonly startedAt: Date;
  /** The newest moment that the repository holds; what came later would be lost. */
  readonly newestPoint: Date;
  /** From the start until the data could be used, without the assertions. */
  readonly restoreMs: number;
}

/** What the drill measured against what the job promises; without a promise nothing is missed. */
export function measureObjectives(objectives: Objectives, measured: Measured): ObjectiveResult[] {
  const lossMs = Math.max(0, measured.startedAt.getTime() - measured.newestPoint.getTime());
  return [
    compare('rpo', objectives.rpo, lossMs),
    compare('rto', objectives.rto, Math.round(measured.restoreMs)),
  ];
}

function compare(
  name: ObjectiveResult['name'],
  targetMs: number | undefined,
  measuredMs: number,
): ObjectiveResult {
  return {
    name,
    ...(targetMs === undefined ? {} : { targetMs }),
    measuredMs,
    met: targetMs === undefined || measuredMs <= targetMs,
  };
}
