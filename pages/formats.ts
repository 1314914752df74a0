import { languageTags, type Language } from './language.ts';

/** Values as people read them, in one language; times in one zone. */
export interface Formats {
  readonly language: Language;
  number(value: number): string;
  /** `share` from 0 to 1. */
  percent(share: number): string;
  /** In powers of 1,024, as storage is counted. */
  bytes(count: number): string;
  /** The two largest units: `3 d 4 h`, `12 min`, `0.4 s`. */
  duration(ms: number): string;
  /** Day and minute, with the zone: `2026-11-27 18:20 UTC`. */
  moment(time: Date | string): string;
  /** `2026-11-27`. */
  day(time: Date | string): string;
  /** `<time>`'s attribute: ISO 8601 in UTC. */
  iso(time: Date | string): string;
}

export function formatsFor(language: Language, timeZone = 'UTC'): Formats {
  const tag = languageTags[language];
  const number = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const parts = partsIn(timeZone);
  const day = (time: Date | string) => {
    const { year, month, day } = parts(time);
    return `${year}-${month}-${day}`;
  };
  return {
    language,
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    bytes: (count) => formatBytes(count, number),
    duration: (ms) => formatDuration(ms, language, number),
    moment: (time) => {
      const { hour, minute, timeZoneName } = parts(time);
      return `${day(time)} ${hour}:${minute} ${timeZoneName}`;
    },
    day,
    iso: (time) => new Date(time).toISOString(),
  };
}

/** The same form in every language, so that moments on a page compare at a glance. */
function partsIn(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  return (time: Date | string): Partial<Record<Intl.DateTimeFormatPartTypes, string>> =>
    Object.fromEntries(
      format.formatToParts(new Date(time)).map(({ type, value }) => [type, value]),
    );
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function formatBytes(count: number, number: Intl.NumberFormat): string {
  const exponent = count < 1 ? 0 : Math.floor(Math.log2(count) / 10);
  const unit = Math.min(exponent, byteUnits.length - 1);
  return `${number.format(count / 1024 ** unit)} ${byteUnits[unit] ?? ''}`;
}

const unitNames: Readonly<Record<Language, readonly string[]>> = {
  en: ['d', 'h', 'min', 's'],
  zh: ['天', '小时', '分钟', '秒'],
};
const unitsMs = [86_400_000, 3_600_000, 60_000, 1_000];

function formatDuration(ms: number, language: Language, number: Intl.NumberFormat): string {
  const names = unitNames[language];
  const largest = unitsMs.findIndex((unit) => ms >= unit);
  if (largest === -1 || largest === unitsMs.length - 1)
    return `${number.format(ms / 1_000)} ${names.at(-1) ?? ''}`;
  // Rounded to the smaller of the two units first, so that 59.7 min is 1 h and not 60 min.
  const smaller = unitsMs[largest + 1] ?? 1_000;
  const rounded = Math.round(ms / smaller) * smaller;
  const larger = unitsMs[largest] ?? smaller;
  if (largest > 0 && rounded >= (unitsMs[largest - 1] ?? Infinity))
    return `1 ${names[largest - 1] ?? ''}`;
  const rest = (rounded % larger) / smaller;
  const first = `${number.format(Math.floor(rounded / larger))} ${names[largest] ?? ''}`;
  return rest === 0 ? first : `${first} ${rest} ${names[largest + 1] ?? ''}`;
}
