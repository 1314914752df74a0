import { fractionOf, type MaskingKey } from './masking-key.ts';

const dayMs = 86_400_000;
const secondMs = 1_000;
/** What sessions of ours read and write: datestyle ISO, time zone UTC. */
const written = /^(\d{4,6})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(\.\d+)?)?(\+00)?( BC)?$/;

/**
 * Moves a date or time by up to `days` either way and never not at all; the same text always by as
 * much. A time moves by whole seconds, so its fraction stays. Infinity and what no calendar date is
 * (years before Christ) become `undefined`: there is nothing to move.
 */
export function shiftDate(key: MaskingKey, days: number, text: string): string | undefined {
  const parts = written.exec(text);
  if (!parts || parts[9]) return undefined;
  const [, year = '', month = '', day = '', hour, minute, second, fraction = '', zone = ''] = parts;
  const hasTime = hour !== undefined;
  const unitMs = hasTime ? secondMs : dayMs;
  const range = (days * dayMs) / unitMs;
  const draw = fractionOf(key.digest(`date ${days}`, text)) * 2 - 1;
  const units = Math.trunc(draw * range) + (draw < 0 ? -1 : 1);
  const at = Date.UTC(
    2000,
    Number(month) - 1,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  );
  const moved = new Date(at);
  moved.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  moved.setTime(moved.getTime() + Math.max(-range, Math.min(range, units)) * unitMs);
  const iso = moved.toISOString();
  const date = `${String(moved.getUTCFullYear()).padStart(4, '0')}${iso.slice(iso.indexOf('-', 1), iso.indexOf('T'))}`;
  if (moved.getUTCFullYear() < 1) return undefined;
  return hasTime ? `${date} ${iso.slice(-13, -5)}${fraction}${zone}` : date;
}
