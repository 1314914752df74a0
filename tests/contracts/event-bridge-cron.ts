import assert from 'node:assert/strict';

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The values of one field; undefined where it allows all. */
type Allowed = ReadonlySet<number> | undefined;

export interface EventBridgeCron {
  readonly minutes: Allowed;
  readonly hours: Allowed;
  readonly daysOfMonth: Allowed;
  readonly months: Allowed;
  /** Sunday is 1. */
  readonly weekdays: Allowed;
}

/**
 * Reads `cron(minutes hours day-of-month month day-of-week year)` by AWS's own description, apart from what
 * writes it: one of the day fields is `?`, weekdays are names or 1 to 7 from Sunday.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
export function readEventBridgeCron(expression: string): EventBridgeCron {
  const [, inner = ''] = /^cron\((.*)\)$/.exec(expression) ?? [];
  const fields = inner.split(' ');
  assert.equal(fields.length, 6, expression);
  const [minutes, hours, daysOfMonth, months, daysOfWeek, year] = fields;
  assert.equal(year, '*');
  assert.equal([daysOfMonth, daysOfWeek].filter((one) => one === '?').length, 1, expression);
  return {
    minutes: values(minutes, 0, 59),
    hours: values(hours, 0, 23),
    daysOfMonth: values(daysOfMonth, 1, 31),
    months: values(months, 1, 12),
    weekdays: values(daysOfWeek, 1, 7),
  };
}

function values(field = '', min: number, max: number): Allowed {
  if (field === '*' || field === '?') return undefined;
  return new Set(
    field.split(',').map((text) => {
      const name = weekdays.indexOf(text);
      const value = name < 0 ? Number(text) : name + 1;
      assert.ok(Number.isInteger(value) && value >= min && value <= max, field);
      return value;
    }),
  );
}

const allows = (allowed: Allowed, value: number): boolean => allowed?.has(value) ?? true;

/** Every instant of the expression in UTC from `from`, until `until`. */
export function* instantsOf(cron: EventBridgeCron, from: Date, until: Date): Generator<Date> {
  const first = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate());
  for (let midnight = first; midnight < until.getTime(); midnight += 86_400_000) {
    const day = new Date(midnight);
    if (!allows(cron.months, day.getUTCMonth() + 1)) continue;
    if (!allows(cron.daysOfMonth, day.getUTCDate())) continue;
    if (!allows(cron.weekdays, day.getUTCDay() + 1)) continue;
    for (let hour = 0; hour < 24; hour++)
      for (let minute = 0; minute < 60 && allows(cron.hours, hour); minute++) {
        const at = new Date(midnight + (hour * 60 + minute) * 60_000);
        if (allows(cron.minutes, minute) && at > from && at < until) yield at;
      }
  }
}
