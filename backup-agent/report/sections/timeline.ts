import { figure } from '../../../pages/figure.ts';
import { html, type Content } from '../../../pages/html.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport, RepositoryReport, StatusReport } from '../../operations/status-report.ts';
import { drawTimeline, type TimelineEvent, type TimelineRow } from '../charts/timeline.ts';
import { findGaps, takenWhereItCounts, type Gap, type Window } from '../coverage.ts';
import { moment, type Reader } from '../words.ts';

const shownGaps = 20;
const shownEvents = 30;

/** Backups, copies, drills, verifications and gaps of a job, drawn and in numbers. */
export async function timelineSection(
  job: JobReport,
  reader: Reader,
  { since, at }: StatusReport,
): Promise<Content> {
  const { timeline: words } = reader.words;
  const window = { sinceMs: Date.parse(since), untilMs: Date.parse(at) };
  const { rpo } = job.configuration.objectives;
  const gaps = rpo === undefined ? [] : findGaps(takenWhereItCounts(job), rpo, window);
  const rows = rowsOf(job, reader).filter(({ events }) => within(events, window).length > 0);
  if (rows.length === 0 && gaps.length === 0)
    return html`<p>${reader.words.sizes.nothing(job.job)}</p>`;
  const counts = rows.map(({ label, events }) =>
    words.count(reader.format.number(within(events, window).length), label),
  );
  return figure({
    title: html`${words.figure(job.job)} <small>${words.legend}</small>`,
    description: words.description(
      job.job,
      counts.join(reader.language === 'zh' ? '、' : ', '),
      describeGaps(gaps, rpo, reader),
    ),
    ...(await drawTimeline({ rows, gaps, gapLabel: words.rows.gap, ...window })),
    details: {
      summary: words.numbers,
      content: [
        describeGaps(gaps, rpo, reader),
        gaps.length > 0 && gapTable(gaps, window, reader),
        eventTable(job, reader),
      ],
    },
  });
}

function within(events: readonly TimelineEvent[], { sinceMs, untilMs }: Window) {
  return events.filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs);
}

function rowsOf({ repositories }: JobReport, { words }: Reader): TimelineRow[] {
  const { rows, copy } = words.timeline;
  const [home, ...copies] = repositories;
  const taken = (kind: 'full' | 'link' | 'pruned') =>
    (home?.taken ?? [])
      .filter((backup) => lookOf(backup.kind) === kind)
      .map(({ pointAt }) => ({ atMs: Date.parse(pointAt), look: kind }));
  return [
    { label: rows.full, events: taken('full') },
    { label: rows.incremental, events: taken('link') },
    { label: rows.pruned, events: taken('pruned') },
    ...copies.map(({ repository, taken }) => ({
      label: copy(repository),
      events: taken.map(({ committedAt }) => ({
        atMs: Date.parse(committedAt),
        look: 'copy' as const,
      })),
    })),
    { label: rows.drill, events: repositories.flatMap(({ drills }) => drills.map(drillEvent)) },
    {
      label: rows.verify,
      events: repositories.flatMap(({ verifications }) =>
        verifications.map(({ at, passed }) => ({
          atMs: Date.parse(at),
          look: passed ? ('passed' as const) : ('failed' as const),
        })),
      ),
    },
  ];
}

function lookOf(kind: RepositoryReport['taken'][number]['kind']): 'full' | 'link' | 'pruned' {
  if (kind === undefined) return 'pruned';
  return kind === 'full' ? 'full' : 'link';
}

function drillEvent({ startedAt, outcome }: RepositoryReport['drills'][number]): TimelineEvent {
  return { atMs: Date.parse(startedAt), look: outcome };
}

function describeGaps(
  gaps: readonly Gap[],
  rpo: number | undefined,
  { words, format }: Reader,
): string {
  if (rpo === undefined) return words.timeline.noRpo;
  if (gaps.length === 0) return words.timeline.noGaps;
  const longest = Math.max(...gaps.map(({ fromMs, untilMs }) => untilMs - fromMs));
  return words.timeline.gapCount(format.number(gaps.length), format.duration(longest));
}

function gapTable(gaps: readonly Gap[], { untilMs: nowMs }: Window, reader: Reader): Content {
  const { timeline: words } = reader.words;
  return table({
    caption: words.gaps,
    columns: [
      { title: words.from },
      { title: words.until },
      { title: words.lasted, numeric: true },
    ],
    rows: gaps
      .toReversed()
      .slice(0, shownGaps)
      .map(({ fromMs, untilMs }) => [
        moment(reader, new Date(fromMs).toISOString()),
        untilMs === nowMs ? words.still : moment(reader, new Date(untilMs).toISOString()),
        reader.format.duration(untilMs - fromMs),
      ]),
  });
}

function eventTable(job: JobReport, reader: Reader): Content {
  const { timeline: words } = reader.words;
  const events = job.repositories
    .flatMap((repository) => eventsIn(repository, reader))
    .toSorted((left, right) => (left.at > right.at ? -1 : 1))
    .slice(0, shownEvents);
  return table({
    caption: words.events,
    columns: [
      { title: words.when },
      { title: words.what },
      { title: words.where },
      { title: words.detail },
    ],
    rows: events.map(({ at, what, where, which }) => [moment(reader, at), what, where, which]),
    empty: reader.words.chains.none(job.job),
  });
}

function eventsIn(
  { repository: where, offsite, taken, drills, verifications }: RepositoryReport,
  { words }: Reader,
) {
  const { rows, copy } = words.timeline;
  const { kinds } = words.chains;
  return [
    ...taken.map(({ committedAt: at, id, kind }) => {
      const what = offsite ? copy(where) : kind ? kinds[kind] : rows.pruned;
      return { at, what, where, which: id };
    }),
    ...drills.map(({ startedAt: at, id, outcome }) => ({
      at,
      what: `${rows.drill}: ${words.outcomes[outcome]}`,
      where,
      which: id,
    })),
    ...verifications.map(({ at, passed }) => ({
      at,
      what: `${rows.verify}: ${words.outcomes[passed ? 'passed' : 'failed']}`,
      where,
      which: '–',
    })),
  ];
}
