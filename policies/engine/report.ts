import type { Suppression } from '../../contracts/suppressions.ts';
import type { Origin } from './resource.ts';
import type { Rule, Severity, Verdict } from './rule.ts';

export type Outcome = Verdict['outcome'] | 'suppressed';

/** What one rule says of one resource. */
export interface Result {
  readonly rule: Rule;
  readonly address: string;
  readonly origin: Origin;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly actual?: string;
  readonly expected?: string;
  /** With the outcome `suppressed`: what accepts the finding. */
  readonly suppression?: Suppression;
  /** With the outcome `fail`: why a suppression for it is not honoured. */
  readonly note?: string;
}

/** Something wrong with a suppression; the finding it was meant for stays. */
export interface SuppressionProblem {
  readonly kind: 'malformed' | 'expired' | 'unused' | 'refused' | 'unknown-rule';
  /** Position in the file, from 1. */
  readonly entry: number;
  readonly what: string;
}

/** A rule that threw: a defect of the rule, never a finding. */
export interface EngineError {
  readonly rule: string;
  readonly message: string;
  readonly stack?: string;
}

export interface Report {
  readonly resources: number;
  readonly rules: number;
  readonly results: readonly Result[];
  readonly suppressionProblems: readonly SuppressionProblem[];
  readonly errors: readonly EngineError[];
}

export function withOutcome(report: Report, ...outcomes: readonly Outcome[]): Result[] {
  return report.results.filter(({ outcome }) => outcomes.includes(outcome));
}

export function count(report: Report): Record<Outcome, number> {
  const counts = { pass: 0, fail: 0, unknown: 0, notApplicable: 0, suppressed: 0 };
  for (const { outcome } of report.results) counts[outcome] += 1;
  return counts;
}
