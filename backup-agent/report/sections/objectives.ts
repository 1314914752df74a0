import { html, type Content } from '../../../pages/html.ts';
import { mark, type Tone } from '../../../pages/mark.ts';
import { table } from '../../../pages/table.ts';
import type { ObjectiveState, ObjectiveStatus } from '../../operations/objectives.ts';
import type { JobReport } from '../../operations/status-report.ts';
import type { Reader } from '../words.ts';

export const stateTones: Readonly<Record<ObjectiveState, Tone>> = {
  met: 'good',
  'at-risk': 'warning',
  breached: 'bad',
};

/** Each objective with its state, what was measured, and how that is known. */
export function objectiveSection(job: JobReport, reader: Reader): Content {
  const { caption, columns, names } = reader.words.objectives;
  const { states } = reader.words;
  const unreadable = job.status.repositories.flatMap(({ repository, unreadable }) =>
    unreadable === undefined
      ? []
      : [html`<p>${mark('bad', reader.words.unreadable(repository, unreadable))}</p>`],
  );
  return [
    unreadable,
    table({
      caption: caption(job.job),
      columns: [
        { title: columns.objective },
        { title: columns.state },
        { title: columns.measured, numeric: true },
        { title: columns.target, numeric: true },
        { title: columns.why },
      ],
      rows: job.status.objectives.map((objective) => [
        names[objective.name],
        mark(stateTones[objective.state], states[objective.state]),
        duration(objective.measuredMs, reader),
        duration(objective.targetMs, reader),
        explain(objective, job, reader),
      ]),
    }),
  ];
}

/** Why an objective is in its state, in the reader's words. */
export function explain(objective: ObjectiveStatus, job: JobReport, { words }: Reader): string {
  const { name, state, measuredMs } = objective;
  const { restorable, measured, missing } = words.objectives;
  if (name === 'restorable') return restorable[state];
  const copies = job.configuration.copies.length > 0;
  const of = name === 'rpo' && !copies ? 'rpoAtHome' : name;
  if (measuredMs !== undefined) return measured[of];
  const drill = newestDrill(job);
  if ((name === 'rto' || name === 'drillInterval') && drill?.outcome === 'failed')
    return missing.drillFailed(drill.id);
  return missing[of];
}

export function newestDrill({ repositories }: JobReport) {
  return repositories
    .flatMap(({ drills }) => drills)
    .toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1))
    .at(-1);
}

function duration(ms: number | undefined, { format }: Reader): string {
  return ms === undefined ? '–' : format.duration(Math.max(0, ms));
}
