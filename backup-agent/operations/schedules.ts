import type { Configuration } from '../../contracts/configuration.ts';
import { scheduleZoneProblems } from '../../contracts/schedule-zone.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** Throws `config-invalid` when a clock change skips or repeats a scheduled time, with its date. */
export function assertSchedulesHold(configuration: Configuration, file: string, now: Date): void {
  const problems = scheduleZoneProblems(configuration, now);
  if (problems.length > 0)
    throw new HoldfastError(
      'config-invalid',
      `the configuration ${file} schedules local times that a clock change skips or repeats`,
      { problems },
    );
}
