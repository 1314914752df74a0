import { explain } from './explain.ts';
import type { Rule } from './engine/rule.ts';

/** How a scanner's check is covered: by rules of ours, or not, with the reason. */
export interface CoverageEntry {
  readonly check: string;
  readonly rules: readonly string[];
  readonly reason: string;
}

/** Reads `policies/coverage.tsv`. */
export function parseCoverage(text: string): CoverageEntry[] {
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map((line) => {
    const [check = '', rules = '', reason = ''] = line.split('\t');
    return { check, rules: rules === '' ? [] : rules.split(','), reason };
  });
}

/** The pages of docs/policies by file name, all made from the rules and the coverage table. */
export function policyPages(
  rules: readonly Rule[],
  coverage: readonly CoverageEntry[],
): ReadonlyMap<string, string> {
  const pages = rules.map((rule) => [`${rule.id}.md`, explain(rule)] as const);
  return new Map([
    ...pages,
    ['rules.md', rulesPage(rules)],
    ['controls.md', controlsPage(rules)],
    ['scanners.md', scannersPage(coverage)],
  ]);
}

const generated = '<!-- Made by scripts/generate-policy-docs.ts; do not edit. -->';
const link = (id: string): string => `[${id}](${id}.md)`;

function rulesPage(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ id, title, severity, unsuppressible }) =>
      `| ${link(id)} | ${title} | ${severity}${unsuppressible ? ', always' : ''} |`,
  );
  return [
    '# The rules',
    '',
    generated,
    '',
    'A severity with *always* cannot be suppressed.',
    '',
    '| Rule | Passes when | Severity |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function controlsPage(rules: readonly Rule[]): string {
  const pairs = rules.flatMap((rule) =>
    rule.controls.map(({ framework, version, id }) => ({
      framework: [framework, version].filter(Boolean).join(' '),
      id,
      rule: rule.id,
    })),
  );
  const frameworks = Map.groupBy(pairs, ({ framework }) => framework);
  const sections = [...frameworks]
    .sort(([one], [other]) => one.localeCompare(other))
    .flatMap(([framework, members]) => {
      const controls = [...Map.groupBy(members, ({ id }) => id)].sort(([one], [other]) =>
        one.localeCompare(other, 'en', { numeric: true }),
      );
      return [
        `## ${framework}`,
        '',
        '| Control | Rules |',
        '|---|---|',
        ...controls.map(
          ([id, found]) => `| ${id} | ${found.map(({ rule }) => link(rule)).join(', ')} |`,
        ),
        '',
      ];
    });
  return [
    '# Rules by control',
    '',
    generated,
    '',
    'A rule helps to meet a control; no set of rules meets one by itself.',
    '',
    ...sections,
  ].join('\n');
}

function scannersPage(coverage: readonly CoverageEntry[]): string {
  const rows = coverage.map(
    ({ check, rules, reason }) =>
      `| ${check} | ${rules.length > 0 ? rules.map(link).join(', ') : reason} |`,
  );
  return [
    '# Checks of other scanners',
    '',
    generated,
    '',
    'Which rule covers a check of two well-known scanners, or why none does.',
    '',
    '| Check | Rule, or why not |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}
