import type { JobReport, TakenBackup } from '../operations/status-report.ts';

/** A stretch in which the newest restorable point was older than the RPO allows. */
export interface Gap {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What was ever taken in where it counts: off-site, or at home where the job has no copies. */
export function takenWhereItCounts({ repositories }: JobReport): readonly TakenBackup[] {
  const offsite = repositories.filter((repository) => repository.offsite);
  return (offsite.length > 0 ? offsite : repositories).flatMap(({ taken }) => taken);
}

/**
 * When more than the RPO would have been lost: a backup covers from its commit on, up to its point plus
 * the RPO. Before a job's first backup nothing is judged; where there is none, all of the window is a
 * gap.
 */
export function findGaps(taken: readonly TakenBackup[], rpoMs: number, window: Window): Gap[] {
  const { sinceMs, untilMs } = window;
  const points = taken
    .map(({ committedAt, pointAt }) => ({
      fromMs: Date.parse(committedAt),
      coversUntilMs: Date.parse(pointAt) + rpoMs,
    }))
    .toSorted((left, right) => left.fromMs - right.fromMs);
  const [first] = points;
  if (!first) return [{ fromMs: sinceMs, untilMs }];
  const gaps: Gap[] = [];
  let coveredUntilMs = first.fromMs;
  for (const { fromMs, coversUntilMs } of [...points, { fromMs: untilMs, coversUntilMs: 0 }]) {
    if (fromMs > coveredUntilMs) gaps.push({ fromMs: coveredUntilMs, untilMs: fromMs });
    coveredUntilMs = Math.max(coveredUntilMs, coversUntilMs);
  }
  return gaps
    .map((gap) => ({
      fromMs: Math.max(gap.fromMs, sinceMs),
      untilMs: Math.min(gap.untilMs, untilMs),
    }))
    .filter((gap) => gap.untilMs > gap.fromMs);
}

/** Bytes that incrementals stored per day of `dayMs`, days without any included, oldest first. */
export function changePerDay(
  backups: JobReport['repositories'][number]['backups'],
  { sinceMs, untilMs }: Window,
): { readonly atMs: number; readonly bytes: number }[] {
  const firstDay = Math.floor(sinceMs / dayMs);
  const days = Array.from({ length: Math.floor(untilMs / dayMs) - firstDay + 1 }, (_, index) => ({
    atMs: (firstDay + index) * dayMs,
    bytes: 0,
  }));
  for (const { kind, startedAt, storedBytes } of backups) {
    const day = days[Math.floor(Date.parse(startedAt) / dayMs) - firstDay];
    if (day && kind !== 'full') day.bytes += storedBytes;
  }
  return days;
}

export const dayMs = 86_400_000;
