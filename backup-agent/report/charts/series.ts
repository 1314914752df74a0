import { dayAxis, draw, type Drawing } from './draw.ts';

export interface Series {
  readonly label: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

export interface SeriesChart {
  readonly series: readonly Series[];
  /** A line that values should stay below. */
  readonly target?: number;
  /** Bars of this width in milliseconds, instead of a line with points. */
  readonly barMs?: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

const colours = ['var(--line-1)', 'var(--line-2)', 'var(--line-3)', 'var(--line-4)'];
const shapes = ['circle', 'triangle-up', 'square', 'diamond'];

const height = 170;

/** Values over time: bars, or a line with points of a shape of its own for each series. */
export async function drawSeries(chart: SeriesChart): Promise<Drawing> {
  const { series, target, sinceMs, untilMs } = chart;
  const labels = series.map(({ label }) => label);
  const values = series.flatMap(({ label, points }) =>
    points.map((point) => ({ label, ...point })),
  );
  const largest = Math.max(0, target ?? 0, ...values.map(({ value }) => value));
  return await draw((space) => ({
    height,
    data: [{ name: 'values', values }],
    scales: [
      { name: 'time', type: 'utc', domain: [sinceMs, untilMs], range: 'width' },
      { name: 'value', domain: [0, largest === 0 ? 1 : largest * 1.05], range: 'height' },
      { name: 'colour', type: 'ordinal', domain: labels, range: colours },
      { name: 'shape', type: 'ordinal', domain: labels, range: shapes },
    ],
    axes: [
      dayAxis(space),
      { orient: 'left', scale: 'value', grid: true, tickCount: 5, domain: false },
    ],
    ...(labels.length > 1
      ? {
          legends: [
            {
              fill: 'colour',
              shape: 'shape',
              orient: 'top',
              direction: space.isNarrow ? 'vertical' : 'horizontal',
              symbolStrokeWidth: 0,
            },
          ],
        }
      : {}),
    marks: [
      ...(chart.barMs === undefined ? lines : [bars(chart.barMs)]),
      ...(target === undefined ? [] : [rule(target)]),
    ],
  }));
}

const x = { scale: 'time', field: 'atMs' };
const y = { scale: 'value', field: 'value' };

const lines = [
  {
    type: 'group' as const,
    from: { facet: { name: 'line', data: 'values', groupby: 'label' } },
    marks: [
      {
        type: 'line' as const,
        from: { data: 'line' },
        aria: false,
        encode: {
          enter: {
            x,
            y,
            stroke: { scale: 'colour', field: 'label' },
            strokeWidth: { value: 1.5 },
          },
        },
      },
    ],
  },
  {
    type: 'symbol' as const,
    from: { data: 'values' },
    aria: false,
    encode: {
      enter: {
        x,
        y,
        size: { value: 50 },
        shape: { scale: 'shape', field: 'label' },
        fill: { scale: 'colour', field: 'label' },
      },
    },
  },
];

/** From each point on, so that a day's bar stands between its day and the next. */
function bars(barMs: number) {
  return {
    type: 'rect' as const,
    from: { data: 'values' },
    aria: false,
    encode: {
      enter: {
        x: { ...x, offset: 0.5 },
        x2: { scale: 'time', signal: `datum.atMs + ${barMs}`, offset: -0.5 },
        y,
        y2: { scale: 'value', value: 0 },
        fill: { scale: 'colour', field: 'label' },
      },
    },
  };
}

function rule(target: number) {
  return {
    type: 'rule' as const,
    aria: false,
    encode: {
      enter: {
        x: { value: 0 },
        x2: { signal: 'width' },
        y: { scale: 'value', value: target },
        stroke: { value: 'var(--bad)' },
        strokeWidth: { value: 1.5 },
        strokeDash: { value: [6, 4] },
      },
    },
  };
}
