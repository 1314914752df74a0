import type { TableCopy, TableState } from './follow-state.ts';

export interface WantedCopy {
  readonly table: TableState;
  readonly reason: string;
  /** Without it the chain cannot follow the table any further. */
  readonly required: boolean;
  /** `WHERE …`, when only these rows are the user's. */
  readonly condition?: string;
}

/**
 * Tables that the changes alone do not bring up to date: those that can never be followed, and those
 * that are not what the newest backup knows. A pure function of two readings of the catalog.
 */
export function wantedCopies(
  before: readonly TableState[],
  now: readonly TableState[],
): WantedCopy[] {
  const known = new Map(before.map((table) => [table.oid, table]));
  return now.flatMap((table): WantedCopy[] => {
    if (table.coverage.level === 'none') return [];
    const former = known.get(table.oid);
    const change = whatChanged(former, table);
    if (change !== undefined) return [{ table, reason: change, required: true }];
    if (table.coverage.level === 'commit') return [];
    const reason = table.coverage.reason ?? 'its changes cannot be followed';
    return [{ table, reason, required: false }];
  });
}

function whatChanged(former: TableState | undefined, now: TableState): string | undefined {
  if (former === undefined) return 'it is new';
  if (former.fingerprint !== now.fingerprint) return 'its definition changed or it was rewritten';
  if (former.coverage.level !== now.coverage.level) return 'it can be followed now';
  return undefined;
}

/** Whether the copies that failed leave the chain's description of the tables true. */
export function failedRequired(
  wanted: readonly WantedCopy[],
  copies: readonly TableCopy[],
): boolean {
  const copied = new Set(copies.map((copy) => copy.oid));
  return wanted.some(({ table, required }) => required && !copied.has(table.oid));
}
