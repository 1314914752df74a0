import { type Report, type Result, withOutcome } from './report.ts';
import { severities, type Severity } from './rule.ts';

export interface Gate {
  /** Findings of this severity or a higher one stop the run. */
  readonly failOn: Severity;
  /** What could not be judged stops it too. */
  readonly strict?: boolean;
}

/** The results that stop a run; suppressed ones never do. */
export function blocking(report: Report, gate: Gate): Result[] {
  const outcomes = gate.strict ? (['fail', 'unknown'] as const) : (['fail'] as const);
  const threshold = severities.indexOf(gate.failOn);
  return withOutcome(report, ...outcomes).filter(
    ({ severity }) => severities.indexOf(severity) >= threshold,
  );
}

/** 0 clean, 1 findings at or above the threshold, 2 the engine itself failed. */
export function exitCode(report: Report, gate: Gate): 0 | 1 | 2 {
  if (report.errors.length > 0) return 2;
  return blocking(report, gate).length > 0 ? 1 : 0;
}
