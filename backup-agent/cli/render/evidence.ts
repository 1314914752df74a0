import type { Assertion, Evidence, ObjectiveResult, Outcome } from '../../../contracts/evidence.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

/** A drill's evidence for a person: outcome first, then what was asserted and measured. */
export function renderEvidence(evidence: Evidence, output: Output): string {
  const { outcome, job, repository, backup, totals, phases } = evidence;
  return [
    `Drill ${outcome.toUpperCase()}: ${job} from ${repository}`,
    `  restored     ${backup.id} (a chain of ${backup.chain.length}) to ${formatTime(new Date(backup.point.time))}`,
    `  content      ${formatCount(totals.tables)} tables, ${formatCount(totals.rows)} rows, ${formatCount(totals.files)} entries of files, ${formatBytes(totals.fileBytes)}`,
    `  phases       ${phases.map(({ name, durationMs }) => `${name} ${formatDuration(durationMs)}`).join(', ')}`,
    ...renderCoverage(evidence),
    ...renderPrivacy(evidence),
    ...evidence.objectives.map((objective) => `  ${renderObjective(objective)}`),
    '',
    indent(renderAssertions(evidence.assertions, output)),
  ].join('\n');
}

function renderCoverage({ coverage }: Evidence): string[] {
  if (!coverage) return [];
  const { commit, boundary, none } = coverage;
  return [
    `  coverage     ${formatCount(commit)} tables to any commit, ${formatCount(boundary)} to an incremental's end, ${formatCount(none)} not covered`,
  ];
}

function renderPrivacy({ mask, erasures, unreadLedgers = [] }: Evidence): string[] {
  return [
    ...(mask === undefined ? [] : [`  masked       by the profile ${mask}`]),
    ...(erasures
      ? [`  erased       ${erasures.applied} of ${erasures.requests} requests replayed`]
      : []),
    ...unreadLedgers.map((name) => `  erased       unknown are requests that only ${name} holds`),
  ];
}

function renderObjective({ name, targetMs, measuredMs, met }: ObjectiveResult): string {
  const measured = `${name.toUpperCase().padEnd(13)}${formatDuration(measuredMs)}`;
  if (targetMs === undefined) return `${measured}, no objective set`;
  return `${measured}, objective ${formatDuration(targetMs)}: ${met ? 'met' : `missed by ${formatDuration(measuredMs - targetMs)}`}`;
}

function renderAssertions(assertions: readonly Assertion[], output: Output): string {
  return renderTable(
    assertions,
    [
      { title: 'ASSERTION', value: ({ name }) => name },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'COMPARED', value: ({ summary }) => summary },
      { title: 'TOOK', align: 'right', value: ({ durationMs }) => formatDuration(durationMs) },
    ],
    output.columns && output.columns - 2,
  );
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

/** What failed, then what stays unproven, by name. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = (wanted: Finding['outcome']) =>
    findings
      .filter(({ outcome }) => outcome === wanted)
      .map(({ subject, outcome, what }) => `  ${outcome}: ${subject}: ${what}`);
  return [...lines('failed'), ...lines('unproven')].join('\n');
}

interface Finding {
  readonly subject: string;
  readonly outcome: Outcome;
  readonly what: string;
}

/** One line a drill. */
export function renderEvidenceList(drills: readonly Evidence[], output: Output): string {
  return renderTable(
    drills,
    [
      { title: 'DRILL', value: ({ id }) => id },
      { title: 'STARTED', value: ({ startedAt }) => formatTime(new Date(startedAt)) },
      { title: 'REPOSITORY', value: ({ repository }) => repository },
      { title: 'BACKUP', value: ({ backup }) => backup.id },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      {
        title: 'UNPROVEN',
        align: 'right',
        value: ({ assertions }) =>
          String(assertions.reduce((sum, { unproven }) => sum + unproven, 0)),
      },
    ],
    output.columns,
  );
}
