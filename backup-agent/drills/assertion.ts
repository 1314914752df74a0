import type { Assertion, Outcome } from '../../contracts/evidence.ts';

/** One thing compared. It may name a table, a path or a person, so it never leaves this host in clear. */
export interface Comparison {
  readonly subject: string;
  readonly outcome: Outcome;
  readonly what: string;
}

export interface AssertionReport {
  /** For the evidence: numbers, no names. */
  readonly assertion: Assertion;
  /** What failed or stays unproven, by name; at most `mostNamed` of each. */
  readonly findings: readonly Comparison[];
}

const mostNamed = 100;

/**
 * Runs one assertion to its end. It fails when one comparison fails, or when the comparing itself
 * breaks off (but for an abort, which rejects); it is unproven when nothing failed but something could not be compared.
 */
export async function assertAll(
  name: string,
  comparisons: AsyncIterable<Comparison> | Iterable<Comparison>,
  signal: AbortSignal,
): Promise<AssertionReport> {
  const startedAt = performance.now();
  const counts: Record<Outcome, number> = { passed: 0, failed: 0, unproven: 0 };
  const findings: Comparison[] = [];
  const count = (comparison: Comparison) => {
    counts[comparison.outcome] += 1;
    if (comparison.outcome !== 'passed' && counts[comparison.outcome] <= mostNamed)
      findings.push(comparison);
  };
  try {
    for await (const comparison of comparisons) count(comparison);
  } catch (error) {
    signal.throwIfAborted();
    const what = error instanceof Error ? error.message : String(error);
    count({ subject: name, outcome: 'failed', what: `broke off: ${what}` });
  }
  const compared = counts.passed + counts.failed + counts.unproven;
  return {
    findings,
    assertion: {
      name,
      outcome: counts.failed > 0 ? 'failed' : counts.unproven > 0 ? 'unproven' : 'passed',
      durationMs: Math.round(performance.now() - startedAt),
      summary: summarise(counts, compared),
      compared,
      failed: counts.failed,
      unproven: counts.unproven,
    },
  };
}

function summarise(counts: Record<Outcome, number>, compared: number): string {
  const parts = [`${counts.passed} of ${compared} as expected`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.unproven > 0) parts.push(`${counts.unproven} could not be compared`);
  return parts.join(', ');
}
