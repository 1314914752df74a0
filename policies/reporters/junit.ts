import { type Report, type Result, withOutcome } from '../engine/report.ts';
import { message } from './place.ts';

/** For build servers: one suite per rule, one case per resource; what is accepted or unknown is skipped. */
export function renderJunit(report: Report): string {
  const judged = withOutcome(report, 'pass', 'fail', 'unknown', 'suppressed');
  const byRule = Map.groupBy(judged, ({ rule }) => rule.id);
  const suites = [...byRule].map(([id, results]) => suite(id, results));
  const errors = report.errors.map(
    ({ rule, message: text, stack }) =>
      `  <testsuite name="${escape(rule)}" tests="1" failures="0" errors="1" skipped="0">\n    <testcase classname="${escape(rule)}" name="engine">\n      <error message="${escape(text)}">${escape(stack ?? '')}</error>\n    </testcase>\n  </testsuite>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="policies">',
    ...suites,
    ...errors,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(id: string, results: readonly Result[]): string {
  const failures = results.filter(({ outcome }) => outcome === 'fail').length;
  const skipped = results.filter(
    ({ outcome }) => outcome === 'unknown' || outcome === 'suppressed',
  ).length;
  return [
    `  <testsuite name="${escape(id)}" tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}">`,
    ...results.map(testCase),
    '  </testsuite>',
  ].join('\n');
}

function testCase(result: Result): string {
  const { rule, address, outcome, severity, suppression } = result;
  const opening = `    <testcase classname="${escape(rule.id)}" name="${escape(address)}"`;
  const text = escape(message(result));
  if (outcome === 'fail')
    return `${opening}>\n      <failure type="${severity}" message="${text}">${escape(rule.remediation)}</failure>\n    </testcase>`;
  if (outcome === 'unknown')
    return `${opening}>\n      <skipped message="${text}"/>\n    </testcase>`;
  if (outcome === 'suppressed')
    return `${opening}>\n      <skipped message="${escape(suppression?.reason ?? '')}"/>\n    </testcase>`;
  return `${opening}/>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

// oxlint-disable-next-line no-control-regex -- exactly the characters that XML 1.0 has no way to write
const unwritable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

function escape(text: string): string {
  return text
    .replaceAll(unwritable, ' ')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
