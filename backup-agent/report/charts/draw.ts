import { trusted, type Html } from '../../../pages/html.ts';
import type { Axis, Config, Spec } from 'vega';

/** The same drawing for a wide page and for a telephone, whose text must not shrink. */
export interface Drawing {
  readonly drawing: Html;
  readonly narrow: Html;
}

export interface Space {
  /** In pixels, labels and titles included. */
  readonly width: number;
  readonly isNarrow: boolean;
}

const spaces: readonly [Space, Space] = [
  { width: 1_000, isNarrow: false },
  { width: 360, isNarrow: true },
];

/** The reader's colours, light, dark or on paper, come from the page. */
const theme: Config = {
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 13,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    labelFont: 'system-ui, sans-serif',
    titleFont: 'system-ui, sans-serif',
    domainColor: 'var(--border)',
    tickColor: 'var(--border)',
    gridColor: 'var(--border)',
    aria: false,
  },
  legend: {
    labelLimit: 400,
    labelColor: 'currentColor',
    labelFontSize: 13,
    labelFont: 'system-ui, sans-serif',
    aria: false,
  },
};

/** Draws with Vega, which is loaded only when there is something to draw. */
export async function draw(specFor: (space: Space) => Spec): Promise<Drawing> {
  const [wide, narrow] = spaces;
  return {
    drawing: await drawOne(specFor(wide), wide),
    narrow: await drawOne(specFor(narrow), narrow),
  };
}

async function drawOne(spec: Spec, { width }: Space): Promise<Html> {
  const { View, parse } = await import('vega');
  const view = new View(
    parse({
      padding: { left: 4, right: 12, top: 6, bottom: 4 },
      autosize: { type: 'fit', contains: 'padding' },
      ...spec,
      width,
      config: theme,
    }),
    { renderer: 'none' },
  );
  try {
    return trusted(forPage(await view.toSVG()));
  } finally {
    view.finalize();
  }
}

/** The figure around a drawing says what it shows; inside it nothing is announced. */
function forPage(svg: string): string {
  return svg
    .replaceAll(/ (?:role|aria-[a-z]+|pointer-events)="[^"]*"/g, '')
    .replaceAll(/ transform="translate\(0,0\)"| opacity="1"/g, '')
    .replaceAll(/(\d\.\d\d)\d+/g, '$1');
}

/** Days along the bottom. */
export function dayAxis({ isNarrow }: Space): Axis {
  return {
    orient: 'bottom',
    scale: 'time',
    format: '%m-%d',
    tickCount: isNarrow ? 4 : 10,
    labelOverlap: true,
    grid: true,
  };
}
