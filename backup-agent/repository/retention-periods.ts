/** The calendar that counting rules go by: UTC, weeks by ISO 8601 (Monday first). */
export const periodsOf = {
  keepHourly: (time: Date) => time.toISOString().slice(0, 13),
  keepDaily: (time: Date) => time.toISOString().slice(0, 10),
  keepWeekly: isoWeek,
  keepMonthly: (time: Date) => time.toISOString().slice(0, 7),
  keepYearly: (time: Date) => time.toISOString().slice(0, 4),
} as const;

export type CalendarRule = keyof typeof periodsOf;

/** What a period is called, for people. */
export const periodNames: Record<CalendarRule, string> = {
  keepHourly: 'hour',
  keepDaily: 'day',
  keepWeekly: 'week',
  keepMonthly: 'month',
  keepYearly: 'year',
};

const dayMs = 86_400_000;

/** `2026-W47`: the week's year is that of its Thursday (ISO 8601). */
function isoWeek(time: Date): string {
  const day = Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate());
  const thursday = new Date(day + (3 - ((time.getUTCDay() + 6) % 7)) * dayMs);
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday.getTime() - yearStart) / (7 * dayMs));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
