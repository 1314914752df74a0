import { banner, facts } from '../../../pages/blocks.ts';
import { html, type Content, type Html } from '../../../pages/html.ts';
import { mark } from '../../../pages/mark.ts';
import { anchor, link } from '../../../pages/page.ts';
import type { JobReport, StatusReport } from '../../operations/status-report.ts';
import { outcomeTones } from './evidence.ts';
import { explain, newestDrill, stateTones } from './objectives.ts';
import { moment, type Reader } from '../words.ts';

/** Covered or not, and everything that keeps it from being so, the worst first. */
export function renderHeadline({ state, jobs }: StatusReport, reader: Reader): Html {
  const { words } = reader;
  const reasons = (['breached', 'at-risk'] as const).flatMap((wanted) =>
    jobs.flatMap((job) =>
      job.status.objectives
        .filter((objective) => objective.state === wanted)
        .map((objective) => renderReason(job, objective, reader)),
    ),
  );
  return banner(stateTones[state], mark(stateTones[state], words.headline[state]), reasons);
}

function renderReason(
  job: JobReport,
  objective: JobReport['status']['objectives'][number],
  reader: Reader,
): Html {
  const { words, format, language } = reader;
  const { measuredMs, targetMs, name, state } = objective;
  const why = explain(objective, job, reader);
  const sentence =
    measuredMs === undefined || targetMs === undefined
      ? why
      : words.objectives.sentence(format.duration(measuredMs), format.duration(targetMs), why);
  const text = words.reason(job.job, words.objectives.names[name], words.states[state], sentence);
  return link(`#${anchor(language, `objectives-${job.job}`)}`, text);
}

/** What a reader asks first: how recent, how proven, how much. */
export function keyFacts({ jobs }: StatusReport, reader: Reader): Html {
  const { words, format } = reader;
  const repositories = jobs.flatMap((job) => job.status.repositories);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return facts([
    [words.facts.point, renderPoint(jobs, reader)],
    [words.facts.drill, renderDrill(jobs, reader)],
    [words.facts.backups, format.number(sum(repositories.map(({ backups }) => backups)))],
    [words.facts.stored, format.bytes(sum(repositories.map(({ storedBytes }) => storedBytes)))],
  ]);
}

/** The job that would lose most decides. */
function renderPoint(jobs: readonly JobReport[], reader: Reader): Content {
  const points = jobs.map((job) => {
    const all = job.status.repositories;
    const counted = all.some(({ offsite }) => offsite) ? all.filter((each) => each.offsite) : all;
    const newest = counted.flatMap(({ restorable }) => restorable?.pointAt ?? []).toSorted();
    return { job: job.job, at: newest.at(-1) };
  });
  const [oldest] = points.toSorted((left, right) => ((left.at ?? '') < (right.at ?? '') ? -1 : 1));
  if (!oldest) return reader.words.facts.none;
  const at = oldest.at === undefined ? reader.words.facts.none : moment(reader, oldest.at);
  if (jobs.length === 1) return at;
  return html`${at}<small>${reader.words.facts.pointOf(oldest.job)}</small>`;
}

function renderDrill(jobs: readonly JobReport[], reader: Reader): Content {
  const drill = jobs
    .flatMap((job) => newestDrill(job) ?? [])
    .toSorted((left, right) => (left.startedAt < right.startedAt ? -1 : 1))
    .at(-1);
  if (!drill) return reader.words.facts.none;
  const outcome = mark(outcomeTones[drill.outcome], reader.words.outcomes[drill.outcome]);
  return html`${outcome}<small>${moment(reader, drill.startedAt)}</small>`;
}
