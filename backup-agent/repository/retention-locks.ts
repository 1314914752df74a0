import type { Retention } from '../../contracts/job.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The shortest spans that so many periods can cover. */
const periodMs = {
  keepHourly: hourMs,
  keepDaily: dayMs,
  keepWeekly: 7 * dayMs,
  keepMonthly: 28 * dayMs,
  keepYearly: 365 * dayMs,
} as const;

/**
 * How long the rules keep *every* backup: keep-within and the minimum age, for they make no choice.
 * Where a job has counting rules alone, the shortest of their spans. What is kept longer, as one of a
 * month or a year, is chosen later and is not locked for it: a lock cannot be taken back.
 */
export function guaranteedRetentionMs(rules: Retention): number {
  const certain = Math.max(rules.keepWithin ?? 0, rules.minimumAge ?? 0);
  if (certain > 0) return certain;
  const spans = Object.entries(periodMs).flatMap(([rule, span]) => {
    const count = rules[rule as keyof typeof periodMs] ?? 0; // keys of a constant
    return count > 0 ? [count * span] : [];
  });
  return spans.length === 0 ? 0 : Math.min(...spans);
}

export interface LockRules {
  readonly retention: Retention;
  readonly maxChainAge: number;
}

/**
 * Until when an object that is put at `at` is locked: the end of its own retention plus the greatest
 * age of a chain, so that the links of a chain stay as long as its youngest, and no lock is ever
 * extended. Rounded up to the end of a UTC day, which covers a backup that runs past its chain's end.
 */
export function lockEnd({ retention, maxChainAge }: LockRules, at: Date): Date {
  const endMs = at.getTime() + guaranteedRetentionMs(retention) + maxChainAge;
  return new Date((Math.floor(endMs / dayMs) + 1) * dayMs);
}

export interface LockForecast {
  /** How long each object is locked. */
  readonly lockMs: number;
  readonly bytesPerDay: number;
  /** What is locked at any moment once the oldest lock ends, at the measured rate. */
  readonly lockedBytes: number;
}

/**
 * What locks will hold, from the backups of the `windowMs` before `now`. Undefined without any: there
 * is no rate to go by.
 */
export function forecastLocks(
  rules: LockRules,
  backups: readonly { readonly at: Date; readonly storedBytes: number }[],
  now: Date,
  windowMs = 30 * dayMs,
): LockForecast | undefined {
  const recent = backups.filter(({ at }) => now.getTime() - at.getTime() <= windowMs);
  const [first] = recent;
  if (!first) return undefined;
  // A young job has not run for the whole window; less than a day says nothing of a day.
  const firstMs = Math.min(...recent.map(({ at }) => at.getTime()));
  const days = Math.max(1, (now.getTime() - firstMs) / dayMs);
  const bytesPerDay = recent.reduce((sum, { storedBytes }) => sum + storedBytes, 0) / days;
  const lockMs = lockEnd(rules, now).getTime() - now.getTime();
  return { lockMs, bytesPerDay, lockedBytes: (bytesPerDay * lockMs) / dayMs };
}
