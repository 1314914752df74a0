import type { ObjectiveState, ObjectiveStatus } from '../../operations/objectives.ts';
import type { JobStatus, Status } from '../../operations/status.ts';
import { formatDuration, formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

const colours = { met: 'green', 'at-risk': 'yellow', breached: 'red' } as const;

/** Each job with its objectives, worst first to see: state, target, what was measured and why. */
export function renderStatus({ jobs }: Status, output: Output): string {
  return jobs.map((job) => renderJob(job, output)).join('\n\n');
}

function renderJob({ job, state, objectives, repositories }: JobStatus, output: Output): string {
  const shown = (value: ObjectiveState) => output.style(colours[value], value);
  const milliseconds = (value: number | undefined) =>
    value === undefined ? '-' : formatDuration(Math.max(0, value));
  return [
    `${job}: ${shown(state)}`,
    renderTable<ObjectiveStatus>(
      objectives,
      [
        { title: '  OBJECTIVE', value: ({ name }) => `  ${name}` },
        { title: 'STATE', value: (objective) => shown(objective.state) },
        { title: 'TARGET', align: 'right', value: ({ targetMs }) => milliseconds(targetMs) },
        { title: 'MEASURED', align: 'right', value: ({ measuredMs }) => milliseconds(measuredMs) },
        { title: 'WHY', value: ({ why }) => why },
      ],
      output.columns,
    ),
    ...repositories.map(({ repository, backups, restorable, unreadable }) => {
      if (unreadable !== undefined) return `  ${repository}: ${unreadable}`;
      if (!restorable) return `  ${repository}: ${backups} backups, none restorable`;
      const point = formatTime(new Date(restorable.pointAt));
      return `  ${repository}: ${backups} backups, the newest restores to ${point}`;
    }),
  ].join('\n');
}
