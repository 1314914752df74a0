import type { Configuration } from './configuration.ts';
import { nextClockChange, readSchedule } from './schedule-times.ts';

export interface ScheduleProblem {
  readonly where: string;
  readonly what: string;
}

/**
 * Schedules with local times that a daylight-saving change of the zone skips or repeats: node-cron and
 * EventBridge Scheduler would mean different instants. Kept out of the schema, which reads no clock.
 */
export function scheduleZoneProblems(
  { timeZone, jobs }: Pick<Configuration, 'timeZone' | 'jobs'>,
  now: Date,
): ScheduleProblem[] {
  return Object.entries(jobs).flatMap(([job, { schedules }]) =>
    Object.entries(schedules).flatMap(([kind, schedule]) => {
      if (schedule === undefined) return [];
      const change = nextClockChange(readSchedule(schedule), timeZone, now);
      if (!change) return [];
      const what = `${change.localTime} is ${change.effect} in ${timeZone}; choose a time that every day has, or timeZone: UTC`;
      return [{ where: `jobs.${job}.schedules.${kind}`, what }];
    }),
  );
}
