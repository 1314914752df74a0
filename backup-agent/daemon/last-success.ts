import type { RepositoryFacts } from '../operations/job-facts.ts';
import type { RunKind } from '../operations/run-job.ts';

/**
 * When the newest successful run of a kind started, as the repositories tell it. Verifications by
 * schedule and prunes that found nothing leave no trace there.
 */
export function lastSuccessIn(facts: readonly RepositoryFacts[], kind: RunKind): Date | undefined {
  const [own] = facts;
  if (kind === 'full') return asDate(own?.lastFullAt);
  if (kind === 'incremental') return asDate(own?.lastBackupAt);
  if (kind === 'drill') return asDate(newest(facts.map(({ lastDrill }) => lastDrill?.at)));
  return undefined;
}

function newest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .filter((time) => time !== undefined)
    .toSorted()
    .at(-1);
}

function asDate(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

export function later(left: Date | undefined, right: Date | undefined): Date | undefined {
  if (!left || !right) return left ?? right;
  return left > right ? left : right;
}
