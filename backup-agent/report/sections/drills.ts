import { figure, fold } from '../../../pages/figure.ts';
import { html, type Content, type Html } from '../../../pages/html.ts';
import { mark } from '../../../pages/mark.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport, StatusReport } from '../../operations/status-report.ts';
import { drawSeries, type Series } from '../charts/series.ts';
import type { Window } from '../coverage.ts';
import { durationUnit } from '../scale.ts';
import { outcomeTones } from './evidence.ts';
import { moment, type Reader } from '../words.ts';

type Drill = JobReport['repositories'][number]['drills'][number];
type Measure = 'rpo' | 'rto';

const shownDrills = 30;

/** RPO and RTO as drills measured them, over time. */
export async function drillSection(
  job: JobReport,
  reader: Reader,
  { since, at }: StatusReport,
): Promise<Content> {
  const window = { sinceMs: Date.parse(since), untilMs: Date.parse(at) };
  const drills = job.repositories
    .flatMap((repository) => repository.drills)
    .filter(({ startedAt }) => Date.parse(startedAt) >= window.sinceMs)
    .toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1));
  if (drills.length === 0) return html`<p>${reader.words.drills.none(job.job)}</p>`;
  return [
    await measureFigure('rpo', job, drills, window, reader),
    await measureFigure('rto', job, drills, window, reader),
    fold(reader.words.drills.numbers, drillTable(drills, reader)),
  ];
}

async function measureFigure(
  measure: Measure,
  job: JobReport,
  drills: readonly Drill[],
  window: Window,
  reader: Reader,
): Promise<Html | false> {
  const { words, format } = reader;
  const targetMs = job.configuration.objectives[measure];
  const measured = drills.flatMap((drill) => {
    const found = drill.objectives.find(({ name }) => name === measure);
    return found ? [{ drill, ms: found.measuredMs }] : [];
  });
  const last = measured.at(-1);
  if (!last) return false;
  const unit = durationUnit(Math.max(targetMs ?? 0, ...measured.map(({ ms }) => ms)), reader);
  const series = job.repositories.flatMap(({ repository }): Series[] => {
    const own = measured.filter(({ drill }) => drill.repository === repository);
    const points = own.map(({ drill, ms }) => ({
      atMs: Date.parse(drill.startedAt),
      value: ms / unit.size,
    }));
    return points.length > 0 ? [{ label: repository, points }] : [];
  });
  return figure({
    title: words.inUnit(words.drills[measure](job.job), unit.name),
    description: words.drills.description(
      format.number(measured.length),
      format.duration(last.ms),
      targetMs === undefined
        ? words.drills.noTarget
        : words.drills.target(format.duration(targetMs)),
    ),
    ...(await drawSeries({
      series,
      ...(targetMs === undefined ? {} : { target: targetMs / unit.size }),
      ...window,
    })),
  });
}

function drillTable(drills: readonly Drill[], reader: Reader): Html {
  const { words, format } = reader;
  const { columns, numbers } = words.drills;
  const value = ({ objectives }: Drill, measure: Measure) => {
    const found = objectives.find(({ name }) => name === measure);
    return found ? format.duration(found.measuredMs) : '–';
  };
  return table({
    caption: numbers,
    columns: [
      { title: columns.at },
      { title: columns.repository },
      { title: columns.outcome },
      { title: columns.rpo, numeric: true },
      { title: columns.rto, numeric: true },
    ],
    rows: drills
      .toReversed()
      .slice(0, shownDrills)
      .map((drill) => [
        moment(reader, drill.startedAt),
        drill.repository,
        mark(outcomeTones[drill.outcome], words.outcomes[drill.outcome]),
        value(drill, 'rpo'),
        value(drill, 'rto'),
      ]),
  });
}
