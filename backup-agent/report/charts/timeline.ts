import type { Mark, Spec } from 'vega';
import type { Gap } from '../coverage.ts';
import { dayAxis, draw, type Drawing, type Space } from './draw.ts';

/** What happened, in rows from top to bottom. */
export interface TimelineRow {
  readonly label: string;
  readonly events: readonly TimelineEvent[];
}

export interface TimelineEvent {
  readonly atMs: number;
  readonly look: keyof typeof looks;
}

const tick = 'M-.18,-.6h.36v1.2h-.36Z';

/** Each kind of event by shape and colour; `size` is an area. */
const looks = {
  full: { shape: 'square', colour: 'var(--line-1)', size: 110 },
  link: { shape: tick, colour: 'var(--line-1)', size: 160 },
  copy: { shape: 'triangle-right', colour: 'var(--line-4)', size: 60 },
  passed: { shape: 'circle', colour: 'var(--good)', size: 110 },
  failed: { shape: 'cross', colour: 'var(--bad)', size: 150 },
  pruned: { shape: tick, colour: 'var(--quiet)', size: 90 },
} as const;

export interface Timeline {
  readonly rows: readonly TimelineRow[];
  readonly gaps: readonly Gap[];
  readonly gapLabel: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface Layout {
  readonly rowHeight: number;
  /** Where in its row an event stands, from 0 at the top. */
  readonly place: number;
  readonly sizeShare: number;
  /** More marks than this in one row could not be told apart. */
  readonly marksInRow: number;
}

const axisHeight = 34;

/** On a narrow page a row's label stands above its events, not beside them. */
function layoutFor({ isNarrow }: Space): Layout {
  return isNarrow
    ? { rowHeight: 40, place: 0.72, sizeShare: 0.4, marksInRow: 100 }
    : { rowHeight: 26, place: 0.5, sizeShare: 1, marksInRow: 240 };
}

/** Every event in its row, and the gaps as bands through all of them. */
export async function drawTimeline(timeline: Timeline): Promise<Drawing> {
  return await draw((space) => timelineSpec(timeline, space));
}

function timelineSpec(timeline: Timeline, space: Space): Spec {
  const { rows, gaps, gapLabel, sinceMs, untilMs } = timeline;
  const layout = layoutFor(space);
  const step = Math.max(1, (untilMs - sinceMs) / layout.marksInRow);
  const labels = [...rows.map(({ label }) => label), ...(gaps.length > 0 ? [gapLabel] : [])];
  const events = rows.flatMap(({ label, events }) =>
    thinned(events, timeline, step).map(({ atMs, look }) => ({
      row: label,
      atMs,
      ...looks[look],
      size: looks[look].size * layout.sizeShare,
    })),
  );
  return {
    height: labels.length * layout.rowHeight + axisHeight,
    data: [
      { name: 'events', values: events },
      { name: 'gaps', values: merged(gaps, step).map((gap) => ({ ...gap, row: gapLabel })) },
      { name: 'labels', values: labels.map((label) => ({ label })) },
    ],
    scales: [
      { name: 'time', type: 'utc', domain: [sinceMs, untilMs], range: 'width' },
      { name: 'row', type: 'band', domain: labels, range: 'height' },
    ],
    axes: [dayAxis(space), ...(space.isNarrow ? [] : [labelAxis(labels)])],
    marks: [...gapMarks(layout), ...(space.isNarrow ? [labelMark] : []), eventMark(layout)],
  };
}

function labelAxis(labels: readonly string[]) {
  return {
    orient: 'left' as const,
    scale: 'row',
    ticks: false,
    labelPadding: 8,
    minExtent: Math.max(0, ...labels.map(textWidth)) + 10,
    labelLimit: 400,
  };
}

const labelMark: Mark = {
  type: 'text',
  from: { data: 'labels' },
  aria: false,
  encode: {
    enter: {
      x: { value: 0 },
      y: { scale: 'row', field: 'label', band: 0.3 },
      text: { field: 'label' },
      baseline: { value: 'middle' },
      fontSize: { value: 13 },
      font: { value: 'system-ui, sans-serif' },
      fill: { value: 'currentColor' },
    },
  },
};

function gapMarks({ place }: Layout): Mark[] {
  const span = {
    x: { scale: 'time', field: 'fromMs' },
    x2: { scale: 'time', field: 'untilMs', offset: 2 },
    fill: { value: 'var(--bad)' },
  };
  const mark = { type: 'rect', from: { data: 'gaps' }, aria: false } as const;
  const through = { y: { value: 0 }, y2: { signal: 'height' }, fillOpacity: { value: 0.16 } };
  const bar = { yc: { scale: 'row', field: 'row', band: place }, height: { value: 9 } };
  return [
    { ...mark, encode: { enter: { ...span, ...through } } },
    { ...mark, encode: { enter: { ...span, ...bar } } },
  ];
}

function eventMark({ place }: Layout): Mark {
  return {
    type: 'symbol',
    from: { data: 'events' },
    aria: false,
    encode: {
      enter: {
        x: { scale: 'time', field: 'atMs' },
        y: { scale: 'row', field: 'row', band: place },
        shape: { field: 'shape' },
        size: { field: 'size' },
        fill: { field: 'colour' },
      },
    },
  };
}

/** Of events of one look that would lie on each other, one is drawn. */
function thinned(
  events: readonly TimelineEvent[],
  { sinceMs, untilMs }: Timeline,
  stepMs: number,
): readonly TimelineEvent[] {
  const places = new Map<string, TimelineEvent>();
  for (const event of events) {
    if (event.atMs < sinceMs || event.atMs > untilMs) continue;
    const place = `${event.look} ${Math.floor((event.atMs - sinceMs) / stepMs)}`;
    if (!places.has(place)) places.set(place, event);
  }
  return [...places.values()];
}

/** Gaps with less than a step between them are drawn as one. */
function merged(gaps: readonly Gap[], stepMs: number): Gap[] {
  const drawn: Gap[] = [];
  for (const gap of gaps) {
    const last = drawn.at(-1);
    if (last && gap.fromMs - last.untilMs < stepMs)
      drawn.splice(-1, 1, { fromMs: last.fromMs, untilMs: gap.untilMs });
    else drawn.push(gap);
  }
  return drawn;
}

/** About as wide as a browser sets it at 13 pixels: Chinese characters are square. */
function textWidth(text: string): number {
  const wide = text.match(/[\u2E80-\uFFEF]/g)?.length ?? 0;
  return text.length * 7 + wide * 6;
}
