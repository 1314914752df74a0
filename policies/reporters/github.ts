import { type Report, type Result, withOutcome } from '../engine/report.ts';
import { message, place } from './place.ts';

const commands = { error: 'error', warning: 'warning', note: 'notice' } as const;

/** Workflow commands that GitHub shows beside the changed lines; suppressed findings are one notice. */
export function renderGithub(report: Report): string {
  const findings = withOutcome(report, 'fail').map((result) =>
    annotation(commands[result.severity], result),
  );
  const unknown = withOutcome(report, 'unknown').map((result) => annotation('notice', result));
  const errors = report.errors.map(
    ({ rule, message: text }) =>
      `::error title=${property(rule)}::${data(`engine error: ${text}`)}`,
  );
  const problems = report.suppressionProblems.map(
    ({ kind, entry, what }) => `::warning title=suppression ${entry} is ${kind}::${data(what)}`,
  );
  return [...findings, ...unknown, ...suppressed(report), ...errors, ...problems, ''].join('\n');
}

function suppressed(report: Report): string[] {
  const results = withOutcome(report, 'suppressed');
  if (results.length === 0) return [];
  const lines = results.map(
    ({ rule, address, suppression }) =>
      `${rule.id} at ${address} until ${suppression?.expires}: ${suppression?.reason}`,
  );
  return [`::notice title=${results.length} suppressed::${data(lines.join('\n'))}`];
}

function annotation(command: string, result: Result): string {
  const where = place(result);
  const position = where === undefined ? '' : `file=${property(where.file)},line=${where.line},`;
  return `::${command} ${position}title=${property(result.rule.id)}::${data(`${result.address}: ${message(result)}`)}`;
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
