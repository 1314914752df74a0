import type { Retention } from '../../contracts/job.ts';
import { periodNames, periodsOf, type CalendarRule } from './retention-periods.ts';
import type { Standing } from './standing.ts';

/** What retention must know of a backup. */
export interface RetainedBackup {
  readonly id: string;
  readonly kind: 'full' | 'incremental' | 'differential';
  readonly parent?: string | undefined;
  /** The moment it restores to. */
  readonly time: Date;
  /** When this repository's log took it in. */
  readonly committedAt: Date;
  readonly held: boolean;
  readonly standing: Standing;
  /** The storage deletes none of it before. */
  readonly lockedUntil?: Date | undefined;
  readonly legalHold?: boolean;
}

export type KeepRule =
  | 'held'
  | 'locked'
  | 'minimumAge'
  | 'newest'
  | 'lastGoodFull'
  | 'keepWithin'
  | 'keepLast'
  | CalendarRule
  | 'needed';

export interface KeepReason {
  readonly rule: KeepRule;
  /** For people: `one of the 7 newest days`. */
  readonly because: string;
}

export interface RetentionDecision<Backup extends RetainedBackup = RetainedBackup> {
  readonly backup: Backup;
  readonly keep: boolean;
  /** Why it stays; empty when it goes. */
  readonly reasons: readonly KeepReason[];
}

/**
 * Decides what stays. Backups come oldest first, and decisions go back in the same order; the same
 * input gives the same answer.
 *
 * - keep-within protects every backup, by the newest plausible backup's time: when no backups are
 *   taken any more, none runs out.
 * - Counting rules give their places to proven backups alone. An unproven one that would have a place
 *   if it counted stays too, without taking it; partial, suspicious and failed ones are left out.
 * - The newest backup and the last good full stay whatever the rules say; so does all that is held,
 *   locked, younger than the minimum age, or needed by something that stays.
 */
export function decideRetention<Backup extends RetainedBackup>(
  backups: readonly Backup[],
  rules: Retention,
  now: Date,
): RetentionDecision<Backup>[] {
  const reasons = new Map<string, KeepReason[]>(backups.map(({ id }) => [id, []]));
  const keep = (backup: RetainedBackup, rule: KeepRule, because: string) =>
    reasons.get(backup.id)?.push({ rule, because });
  keepProtected(backups, rules, now, keep);
  keepWithin(backups, rules, now, keep);
  keepCounted(backups, rules, keep);
  keepAncestors(backups, reasons);
  return backups.map((backup) => {
    const found = reasons.get(backup.id) ?? [];
    return { backup, keep: found.length > 0, reasons: found };
  });
}

type Keep = (backup: RetainedBackup, rule: KeepRule, because: string) => void;

function keepProtected(
  backups: readonly RetainedBackup[],
  rules: Retention,
  now: Date,
  keep: Keep,
): void {
  for (const backup of backups) {
    if (backup.held) keep(backup, 'held', 'a hold is on it');
    if (backup.lockedUntil && backup.lockedUntil > now)
      keep(backup, 'locked', `the storage locks it until ${backup.lockedUntil.toISOString()}`);
    if (backup.legalHold) keep(backup, 'locked', 'the storage has a legal hold on it');
    if (rules.minimumAge && now.getTime() - backup.committedAt.getTime() < rules.minimumAge)
      keep(backup, 'minimumAge', 'younger than the minimum age');
  }
  const newest = backups.at(-1);
  if (newest) keep(newest, 'newest', 'the newest backup');
  const full = lastGoodFull(backups);
  if (full) keep(full, 'lastGoodFull', 'the last good full');
}

/** The newest proven full; where none is proven the newest that nothing speaks against, or any. */
export function lastGoodFull(backups: readonly RetainedBackup[]): RetainedBackup | undefined {
  const fulls = backups.filter(({ kind }) => kind === 'full');
  return (
    fulls.findLast(({ standing }) => standing === 'proven') ??
    fulls.findLast(({ standing }) => standing === 'unproven') ??
    fulls.at(-1)
  );
}

function keepWithin(
  backups: readonly RetainedBackup[],
  rules: Retention,
  now: Date,
  keep: Keep,
): void {
  if (!rules.keepWithin) return;
  const plausible = backups.filter(({ standing }) => isCounted(standing, 'unproven'));
  const newestMs = Math.max(...plausible.map(({ time }) => time.getTime()), 0);
  const sinceMs = Math.min(now.getTime(), newestMs) - rules.keepWithin;
  for (const backup of backups)
    if (backup.time.getTime() >= sinceMs)
      keep(backup, 'keepWithin', 'young enough for keep-within');
}

function isCounted(standing: Standing, least: 'proven' | 'unproven'): boolean {
  return standing === 'proven' || (least === 'unproven' && standing === 'unproven');
}

const calendarRules = Object.keys(periodsOf) as CalendarRule[]; // keys of a constant

function keepCounted(backups: readonly RetainedBackup[], rules: Retention, keep: Keep): void {
  const newestFirst = backups.toReversed();
  for (const least of ['proven', 'unproven'] as const) {
    const counted = newestFirst.filter(({ standing }) => isCounted(standing, least));
    const note = least === 'proven' ? '' : ', if it proves good';
    const wanted = (backup: RetainedBackup) => backup.standing === least;
    for (const backup of counted.slice(0, rules.keepLast ?? 0).filter(wanted))
      keep(backup, 'keepLast', `one of the ${rules.keepLast} newest backups${note}`);
    for (const rule of calendarRules)
      for (const backup of newestOfPeriods(counted, rule, rules[rule] ?? 0).filter(wanted))
        keep(backup, rule, `one of the ${rules[rule]} newest ${periodNames[rule]}s${note}`);
  }
}

/** The newest backup of each of the newest `count` periods that have any. */
function newestOfPeriods(
  newestFirst: readonly RetainedBackup[],
  rule: CalendarRule,
  count: number,
): RetainedBackup[] {
  const chosen = new Map<string, RetainedBackup>();
  if (count === 0) return [];
  for (const backup of newestFirst) {
    const period = periodsOf[rule](backup.time);
    if (chosen.has(period)) continue;
    if (chosen.size === count) break;
    chosen.set(period, backup);
  }
  return [...chosen.values()];
}

/** Whatever stays keeps the links that it hangs on. */
function keepAncestors(
  backups: readonly RetainedBackup[],
  reasons: ReadonlyMap<string, KeepReason[]>,
): void {
  const parents = new Map(backups.map(({ id, parent }) => [id, parent]));
  const visited = new Set<string>();
  for (const { id: kept } of backups) {
    if (visited.has(kept) || reasons.get(kept)?.length === 0) continue;
    visited.add(kept);
    for (let id = parents.get(kept); id !== undefined; id = parents.get(id)) {
      const known = reasons.get(id);
      if (!known || known.some(({ rule }) => rule === 'needed')) break;
      known.push({ rule: 'needed', because: `${kept} hangs on it` });
    }
  }
}
