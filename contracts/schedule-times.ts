import { allowedValues } from './schedule.ts';

/** The local times that a schedule names; every field as the sorted values that it allows. */
export interface ScheduleTimes {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** Sunday is 0. */
  readonly daysOfWeek: readonly number[];
}

/** Reads a schedule that `scheduleProblem` finds nothing wrong with. */
export function readSchedule(text: string): ScheduleTimes {
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = allowedValues(text);
  if (!minutes || !hours || !daysOfMonth || !months || !daysOfWeek)
    throw new TypeError(`not a schedule of five fields: ${text}`);
  return { minutes, hours, daysOfMonth, months, daysOfWeek };
}

/** 29 February on a leap year that a century skipped is eight years away. */
const horizonDays = 366 * 9;

/**
 * The first instant of the schedule after `after`, in the zone. A local time that a daylight-saving
 * change skips has none; one that it repeats has the earlier. Undefined for a date that no calendar
 * has, such as 31 February.
 */
export function nextInstant(schedule: ScheduleTimes, zone: string, after: Date): Date | undefined {
  const local = instantOf(after).toZonedDateTimeISO(zone);
  const day = new Date(Date.UTC(local.year, local.month - 1, local.day));
  for (let offset = 0; offset < horizonDays; offset++) {
    if (allowsDay(schedule, day.getUTCMonth() + 1, day.getUTCDate(), day.getUTCDay())) {
      const found = firstOnDay(schedule, zone, day, after, offset === 0 ? local.hour : 0);
      if (found) return found;
    }
    day.setUTCDate(day.getUTCDate() + 1);
  }
  return undefined;
}

/** `day` is a local date, carried as midnight in UTC. */
function firstOnDay(
  { hours, minutes }: ScheduleTimes,
  zone: string,
  day: Date,
  after: Date,
  fromHour: number,
): Date | undefined {
  for (const hour of hours) {
    if (hour < fromHour) continue;
    for (const minute of minutes) {
      const wanted = {
        year: day.getUTCFullYear(),
        month: day.getUTCMonth() + 1,
        day: day.getUTCDate(),
        hour,
        minute,
        timeZone: zone,
      };
      const zoned = Temporal.ZonedDateTime.from(wanted, { disambiguation: 'earlier' });
      const skipped = zoned.hour !== hour || zoned.minute !== minute;
      if (!skipped && zoned.epochMilliseconds > after.getTime())
        return new Date(zoned.epochMilliseconds);
    }
  }
  return undefined;
}

function allowsDay(schedule: ScheduleTimes, month: number, day: number, weekday: number): boolean {
  return (
    schedule.months.includes(month) &&
    schedule.daysOfMonth.includes(day) &&
    schedule.daysOfWeek.includes(weekday)
  );
}

export interface ClockChange {
  /** The local time that the schedule names, `2027-03-28T02:30`. */
  readonly localTime: string;
  readonly effect: 'skipped' | 'repeated';
}

/** After so many years, the calendar's weekdays fall on the same dates again. */
const yearsWithEveryDate = 28;

/** The next local time of the schedule that a daylight-saving change skips or repeats, if any. */
export function nextClockChange(
  schedule: ScheduleTimes,
  zone: string,
  after: Date,
): ClockChange | undefined {
  const start = instantOf(after).toZonedDateTimeISO(zone);
  const end = start.add({ years: yearsWithEveryDate });
  let transition = start.getTimeZoneTransition('next');
  while (transition && Temporal.ZonedDateTime.compare(transition, end) < 0) {
    const affected = affectedTime(schedule, transition);
    if (affected) return affected;
    transition = transition.getTimeZoneTransition('next');
  }
  return undefined;
}

/** Local clocks go from one reading to another; what lies between is skipped or repeated. */
function affectedTime(
  schedule: ScheduleTimes,
  transition: Temporal.ZonedDateTime,
): ClockChange | undefined {
  const before = transition.subtract({ nanoseconds: 1 });
  const shiftNs = transition.offsetNanoseconds - before.offsetNanoseconds;
  const reads = transition.toPlainDateTime();
  const other = reads.subtract({ nanoseconds: shiftNs });
  const [from, until] = shiftNs > 0 ? [other, reads] : [reads, other];
  let minute = from.round({ smallestUnit: 'minute', roundingMode: 'ceil' });
  for (; Temporal.PlainDateTime.compare(minute, until) < 0; minute = minute.add({ minutes: 1 })) {
    const named =
      schedule.hours.includes(minute.hour) &&
      schedule.minutes.includes(minute.minute) &&
      allowsDay(schedule, minute.month, minute.day, minute.dayOfWeek % 7);
    if (named)
      return {
        localTime: minute.toString({ smallestUnit: 'minute' }),
        effect: shiftNs > 0 ? 'skipped' : 'repeated',
      };
  }
  return undefined;
}

function instantOf(date: Date): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime());
}
