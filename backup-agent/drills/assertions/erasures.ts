import type { Outcome } from '../../../contracts/evidence.ts';
import type { Problem } from '../../errors/holdfast-error.ts';
import type { ErasureOutcome } from '../../sources/postgres/restore/replay-erasures.ts';
import type { Comparison } from '../assertion.ts';

/** Whether a person who came back was erased too early, nobody but the operator can tell. */
const outcomes: Record<ErasureOutcome['outcome'], Outcome> = {
  absent: 'passed',
  erased: 'passed',
  returned: 'unproven',
  inapplicable: 'unproven',
  failed: 'failed',
};

/**
 * Each request of the erasure ledger: whoever it names is not in the restored database. What stands
 * only in a repository that could not be read is unknown.
 */
export function* compareErasures(
  erasures: readonly ErasureOutcome[],
  unread: readonly Problem[],
): Generator<Comparison> {
  for (const { id, outcome, what } of erasures)
    yield { subject: `erasure ${id}`, outcome: outcomes[outcome], what };
  for (const { where, what } of unread)
    yield { subject: `ledger in ${where}`, outcome: 'unproven', what: `was not read: ${what}` };
}
