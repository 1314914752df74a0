import { z } from 'zod';

const durationUnitsMs = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_557_600_000,
} as const;

const sizeUnitsBytes = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

type Units = Readonly<Record<string, number>>;

/** The shortest exact text: the largest unit that the value is a multiple of. */
function inLargestUnit(value: number, units: Units): string {
  const [unit, worth] = Object.entries(units)
    .toSorted(([, left], [, right]) => right - left)
    .find(([, each]) => value % each === 0) ?? ['', 1];
  return `${value / worth}${unit}`;
}

/** Years and weeks are read, and written as days: 52 weeks are no year. */
const writtenDurations: Units = {
  d: durationUnitsMs.d,
  h: durationUnitsMs.h,
  m: durationUnitsMs.m,
  s: durationUnitsMs.s,
};

/** `90s`, `15m`, `1h30m`, `7d`, `2w`, `1y` (365.25 days); parsed to milliseconds. */
export const duration = z.codec(
  z.string().regex(/^(\d+[smhdwy])+$/, 'must be a duration such as 90s, 15m, 1h30m, 7d, 2w or 1y'),
  z.number(),
  {
    decode: (text) =>
      [...text.matchAll(/(\d+)([smhdwy])/g)].reduce(
        (total, [, amount, unit]) =>
          total + Number(amount) * durationUnitsMs[unit as keyof typeof durationUnitsMs],
        0,
      ),
    encode: (ms) => inLargestUnit(ms, writtenDurations),
  },
);

/** `512B`, `64MiB`, `10GiB`; parsed to bytes. */
export const size = z.codec(
  z.string().regex(/^\d+(B|KiB|MiB|GiB|TiB)$/, 'must be a size such as 512B, 64MiB or 10GiB'),
  z.number(),
  {
    decode: (text) => {
      const amount = Number.parseInt(text, 10);
      return amount * sizeUnitsBytes[text.replace(/^\d+/, '') as keyof typeof sizeUnitsBytes];
    },
    encode: (bytes) => inLargestUnit(bytes, sizeUnitsBytes),
  },
);
