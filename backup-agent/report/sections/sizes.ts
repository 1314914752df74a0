import { facts } from '../../../pages/blocks.ts';
import { figure } from '../../../pages/figure.ts';
import { html, type Content, type Html } from '../../../pages/html.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport, ReportedBackup, StatusReport } from '../../operations/status-report.ts';
import { drawSeries } from '../charts/series.ts';
import { changePerDay, dayMs, type Window } from '../coverage.ts';
import { byteUnit } from '../scale.ts';
import { moment, type Reader } from '../words.ts';

const shownRows = 60;

/** How large the fulls of a job are, and how much changes between them. */
export async function sizeSection(
  job: JobReport,
  reader: Reader,
  { since, at }: StatusReport,
): Promise<Content> {
  const window = { sinceMs: Date.parse(since), untilMs: Date.parse(at) };
  const all = job.repositories[0]?.backups ?? [];
  const backups = all.filter(({ startedAt }) => Date.parse(startedAt) >= window.sinceMs);
  if (backups.length === 0) return html`<p>${reader.words.sizes.nothing(job.job)}</p>`;
  const fulls = backups.filter(({ kind }) => kind === 'full');
  return [
    sizeFacts(all, backups, window, reader),
    fulls.length > 0 && (await fullFigure(job, fulls, window, reader)),
    await changeFigure(job, backups, window, reader),
  ];
}

function sizeFacts(
  all: readonly ReportedBackup[],
  backups: readonly ReportedBackup[],
  window: Window,
  { words, format }: Reader,
): Html {
  const { facts: names, ratio } = words.sizes;
  const stored = all.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const plain = all.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0);
  const full = all.findLast(({ kind }) => kind === 'full');
  return facts([
    [names.total, format.bytes(stored)],
    [names.full, full ? format.bytes(full.storedBytes) : words.facts.none],
    [names.ratio, stored === 0 ? words.facts.none : ratio(format.number(plain / stored))],
    [names.perDay, format.bytes(averageChange(backups, window))],
  ]);
}

/** Bytes per day, from the first backup of the window on, at least over one day. */
function averageChange(backups: readonly ReportedBackup[], { untilMs }: Window): number {
  const [first] = backups;
  if (!first) return 0;
  const changed = backups.filter(({ kind }) => kind !== 'full');
  const bytes = changed.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  return bytes / Math.max(1, (untilMs - Date.parse(first.startedAt)) / dayMs);
}

async function fullFigure(
  { job }: JobReport,
  fulls: readonly ReportedBackup[],
  window: Window,
  reader: Reader,
): Promise<Html> {
  const { words, format } = reader;
  const unit = byteUnit(Math.max(...fulls.map(({ storedBytes }) => storedBytes)), reader);
  const points = fulls.map(({ startedAt, storedBytes }) => ({
    atMs: Date.parse(startedAt),
    value: storedBytes / unit.size,
  }));
  return figure({
    title: words.inUnit(words.sizes.stored(job), unit.name),
    description: words.sizes.storedDescription(
      format.number(fulls.length),
      format.bytes(fulls[0]?.storedBytes ?? 0),
      format.bytes(fulls.at(-1)?.storedBytes ?? 0),
    ),
    ...(await drawSeries({
      series: [{ label: job, points }],
      ...window,
    })),
    details: {
      summary: words.sizes.numbers,
      content: table({
        caption: words.sizes.stored(job),
        columns: [
          { title: words.chains.columns.backup },
          { title: words.timeline.when },
          { title: words.sizes.bytes, numeric: true },
          { title: words.sizes.plain, numeric: true },
        ],
        rows: fulls
          .toReversed()
          .slice(0, shownRows)
          .map(({ id, startedAt, storedBytes, plaintextBytes }) => [
            id,
            moment(reader, startedAt),
            format.bytes(storedBytes),
            format.bytes(plaintextBytes),
          ]),
      }),
    },
  });
}

async function changeFigure(
  { job }: JobReport,
  backups: readonly ReportedBackup[],
  window: Window,
  reader: Reader,
): Promise<Html | false> {
  const { words, format } = reader;
  const days = changePerDay(backups, window);
  const most = Math.max(0, ...days.map(({ bytes }) => bytes));
  if (most === 0) return false;
  const unit = byteUnit(most, reader);
  return figure({
    title: words.inUnit(words.sizes.change(job), unit.name),
    description: words.sizes.changeDescription(
      format.bytes(averageChange(backups, window)),
      format.bytes(most),
    ),
    ...(await drawSeries({
      series: [
        { label: job, points: days.map(({ atMs, bytes }) => ({ atMs, value: bytes / unit.size })) },
      ],
      barMs: dayMs,
      ...window,
    })),
    details: {
      summary: words.sizes.numbers,
      content: table({
        caption: words.sizes.change(job),
        columns: [{ title: words.sizes.day }, { title: words.sizes.bytes, numeric: true }],
        rows: days
          .toReversed()
          .slice(0, shownRows)
          .map(({ atMs, bytes }) => [
            new Date(atMs).toISOString().slice(0, 10),
            format.bytes(bytes),
          ]),
      }),
    },
  });
}
