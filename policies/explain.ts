import type { Rule } from './engine/rule.ts';

/** A rule as a page of Markdown: for `policies explain` and for docs/policies. */
export function explain(rule: Rule): string {
  const controls = rule.controls.map(
    ({ framework, version, id }) => `| ${framework} | ${version || '–'} | ${id} |`,
  );
  return [
    `# ${rule.id}`,
    '',
    `**${rule.title}.**`,
    '',
    `Severity: ${rule.severity}.${rule.unsuppressible ? ' No suppression is accepted.' : ''}`,
    '',
    '## Why',
    '',
    rule.rationale,
    '',
    '## How to fix it',
    '',
    rule.remediation,
    '',
    '## Controls',
    '',
    '| Framework | Version | Control |',
    '|---|---|---|',
    ...controls,
    '',
  ].join('\n');
}
