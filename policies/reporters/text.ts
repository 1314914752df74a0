import { count, type Report, type Result, withOutcome } from '../engine/report.ts';
import { severities } from '../engine/rule.ts';
import { place } from './place.ts';

/** For people: findings first and worst first, then what is accepted, then the counts. */
export function renderText(report: Report): string {
  const findings = [...withOutcome(report, 'fail')].sort(bySeverity);
  const sections = [
    ...findings.map((result) => finding(result, result.severity)),
    ...withOutcome(report, 'unknown').map((result) => finding(result, 'unknown')),
    suppressed(report),
    problems(report),
    ...report.errors.map(
      ({ rule, message, stack }) => `engine error in ${rule}: ${stack ?? message}`,
    ),
    summary(report),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function bySeverity(one: Result, other: Result): number {
  return (
    severities.indexOf(other.severity) - severities.indexOf(one.severity) ||
    one.address.localeCompare(other.address)
  );
}

function finding(result: Result, label: string): string {
  const { rule, address, origin, actual, expected, note } = result;
  const where = place(result);
  const lines = [
    `${label} ${rule.id}  ${address}`,
    `  ${rule.title}`,
    origin.construct === undefined ? '' : `  construct  ${origin.construct}`,
    where === undefined ? '' : `  at         ${where.file}:${where.line}`,
    `  actual     ${actual ?? ''}`,
    `  expected   ${expected ?? ''}`,
    `  fix        ${rule.remediation}`,
    note === undefined ? '' : `  note       ${note}`,
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function suppressed(report: Report): string {
  const results = withOutcome(report, 'suppressed');
  if (results.length === 0) return '';
  const lines = results.map(({ rule, address, suppression }) => {
    const { owner = '', ticket = '', expires = '', reason = '' } = suppression ?? {};
    return `  ${rule.id}  ${address}\n    until ${expires}, ${owner}, ${ticket}: ${reason}`;
  });
  return ['suppressed', ...lines].join('\n');
}

function problems({ suppressionProblems }: Report): string {
  if (suppressionProblems.length === 0) return '';
  const lines = suppressionProblems.map(
    ({ kind, entry, what }) => `  entry ${entry} is ${kind}: ${what}`,
  );
  return ['suppressions to mend', ...lines].join('\n');
}

function summary(report: Report): string {
  const { pass, fail, unknown, suppressed } = count(report);
  return `${report.resources} resources, ${report.rules} rules: ${fail} failed, ${unknown} unknown, ${suppressed} suppressed, ${pass} passed`;
}
