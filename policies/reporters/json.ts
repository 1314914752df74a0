import { count, type Report, withOutcome } from '../engine/report.ts';

/** For programs: everything but what passes or does not apply, with the counts of all. */
export function renderJson(report: Report): string {
  const results = withOutcome(report, 'fail', 'unknown', 'suppressed').map(
    ({ rule, ...result }) => ({
      rule: rule.id,
      title: rule.title,
      controls: rule.controls,
      ...result,
    }),
  );
  const { resources, rules, suppressionProblems, errors } = report;
  return `${JSON.stringify({ format: 'holdfast-policies/1', resources, rules, counts: count(report), results, suppressionProblems, errors }, undefined, 2)}\n`;
}
