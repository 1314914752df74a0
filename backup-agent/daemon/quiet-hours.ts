import { weekdays, type QuietHours } from '../../contracts/daemon.ts';
import type { Task } from './task.ts';

/** Whether the task is of a kind that must not start at this moment. */
export function isQuietFor(
  { kind, timeZone }: Pick<Task, 'kind' | 'timeZone'>,
  windows: readonly QuietHours[],
  now: Date,
): boolean {
  const concerning = windows.filter(({ kinds }) => kinds.some((each) => each === kind));
  if (concerning.length === 0) return false;
  const { weekday, time } = localTime(now, timeZone);
  return concerning.some((window) => isWithin(window, weekday, time));
}

/** Times are `HH:MM` and compare as text. A window past midnight belongs to the day it began on. */
function isWithin({ from, until, days }: QuietHours, weekday: number, time: string): boolean {
  const begins = (day: number) => days.some((name) => name === weekdays[(day + 7) % 7]);
  if (from < until) return begins(weekday) && time >= from && time < until;
  return (begins(weekday) && time >= from) || (begins(weekday - 1) && time < until);
}

/** Monday is 0. */
function localTime(now: Date, timeZone: string): { weekday: number; time: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const weekday = weekdays.findIndex((name) => name === parts.get('weekday')?.toLowerCase());
  return { weekday, time: `${parts.get('hour')}:${parts.get('minute')}` };
}
