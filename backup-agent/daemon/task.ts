import type { Configuration } from '../../contracts/configuration.ts';
import { readSchedule, type ScheduleTimes } from '../../contracts/schedule-times.ts';
import { runKinds, type RunKind } from '../operations/run-job.ts';

/** One schedule of one job. */
export interface Task {
  readonly job: string;
  readonly kind: RunKind;
  /** Five fields, as node-cron takes them. */
  readonly expression: string;
  readonly schedule: ScheduleTimes;
  readonly timeZone: string;
}

/** Every schedule of the configuration. */
export function tasksOf({
  jobs,
  timeZone,
}: Pick<Configuration, 'jobs' | 'timeZone'>): readonly Task[] {
  return Object.entries(jobs).flatMap(([job, { schedules }]) =>
    runKinds.flatMap((kind) => {
      const expression = schedules[kind];
      if (expression === undefined) return [];
      return [{ job, kind, expression, schedule: readSchedule(expression), timeZone }];
    }),
  );
}

export function taskKey({ job, kind }: Pick<Task, 'job' | 'kind'>): string {
  return `${job}/${kind}`;
}
