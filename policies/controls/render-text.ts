import type {
  ControlsReport,
  ControlState,
  JudgedControl,
  JudgedFramework,
} from '../../contracts/controls-report.ts';
import { controlStates } from '../../contracts/controls-report.ts';

/** States that a reader must do something about. */
export const badStates: readonly ControlState[] = ['not', 'partly', 'overdue'];

/** For a terminal: every control with its state, and what is wrong where something is. */
export function renderControls(report: ControlsReport): string {
  const themes = report.themes.flatMap(({ id, title }) => [
    title.en,
    ...report.controls.filter(({ theme }) => theme === id).flatMap(controlLines),
    '',
  ]);
  const problems = report.problems.map(({ where, what }) => `  ${where}: ${what}`);
  return [
    ...themes,
    'Frameworks',
    ...report.frameworks.flatMap(frameworkLines),
    '',
    ...(problems.length > 0 ? ['Problems', ...problems, ''] : []),
    `${report.controls.length} controls: ${tally(report.controls.map(({ state }) => state))}`,
    '',
  ].join('\n');
}

function controlLines({ id, title, state, parts }: JudgedControl): string[] {
  const wrong = parts.filter((part) => badStates.includes(part.state));
  return [
    `  ${state.padEnd(8)}  ${id.padEnd(24)}  ${title.en}`,
    ...wrong.map((part) => `            ${part.kind} ${part.subject}: ${part.why.en}`),
  ];
}

function frameworkLines({
  name,
  total,
  mapped,
  outOfScope,
  requirements,
}: JudgedFramework): string[] {
  const unmapped = requirements
    .filter(({ controls, outOfScope: reason }) => controls.length === 0 && !reason)
    .map(({ id }) => id);
  const reasons = Map.groupBy(
    requirements.filter((one) => one.outOfScope !== undefined),
    (one) => one.outOfScope?.en ?? '',
  );
  return [
    `  ${name.en}`,
    `    ${mapped} of ${total} mapped, ${outOfScope} out of scope: ${tally(requirements.flatMap(({ state }) => state ?? []))}`,
    ...(unmapped.length > 0 ? [`    not mapped: ${unmapped.join(', ')}`] : []),
    ...[...reasons].map(
      ([why, members]) => `    out of scope (${members.map(({ id }) => id).join(', ')}): ${why}`,
    ),
  ];
}

/** How many there are of each state, those that there are. */
export function tally(states: readonly ControlState[]): string {
  return controlStates
    .map((state) => [state, states.filter((one) => one === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}
