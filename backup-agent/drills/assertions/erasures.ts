import type { Outcome } from '../../../contracts/evidence.ts';
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

/** Each request of the erasure ledger: whoever it names is not in the restored database. */
export function* compareErasures(erasures: readonly ErasureOutcome[]): Generator<Comparison> {
  for (const { id, outcome, what } of erasures)
    yield { subject: `erasure ${id}`, outcome: outcomes[outcome], what };
}
