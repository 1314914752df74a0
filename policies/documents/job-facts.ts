import type { Configuration } from '../../contracts/configuration.ts';
import type { Evidence } from '../../contracts/evidence.ts';
import type { JobRecords } from '../controls/evidence/job-records.ts';
import type { Formats } from '../../pages/formats.ts';

type Job = Configuration['jobs'][string];

/** Jobs in the order in which they come back: groups first, in their order. */
export function jobsInOrder({ jobs, groups }: Configuration): (readonly [string, Job])[] {
  const names = new Set([...Object.values(groups).flat(), ...Object.keys(jobs)]);
  return [...names].flatMap((name) => {
    const job = jobs[name];
    return job ? [[name, job] as const] : [];
  });
}

/** What is backed up, without addresses of machines. */
export function sourceName({ source }: Job): string {
  if (source.type === 'postgres') {
    const [, database = ''] = /^postgres(?:ql)?:\/\/[^/]+\/([^?]*)/.exec(source.url) ?? [];
    return `PostgreSQL ${database}`.trim();
  }
  return source.type === 's3' ? `S3 ${source.bucket}/${source.prefix}` : `files ${source.path}`;
}

/** The rules of a job's retention, as its file writes them. */
export function retentionText({ retention }: Job, formats: Formats): string {
  return Object.entries(retention)
    .flatMap(([rule, value]) => {
      if (value === undefined) return [];
      return rule === 'keepWithin' || rule === 'minimumAge'
        ? [`${rule} ${formats.duration(value)}`]
        : [`${rule} ${value}`];
    })
    .join(', ');
}

/** The longest time, in milliseconds, for which a job's rules may keep a backup. */
export function longestRetentionMs({ retention }: Job): number {
  const day = 86_400_000;
  const spans = [
    retention.keepWithin ?? 0,
    (retention.keepHourly ?? 0) * (day / 24),
    (retention.keepDaily ?? 0) * day,
    (retention.keepWeekly ?? 0) * 7 * day,
    (retention.keepMonthly ?? 0) * 31 * day,
    (retention.keepYearly ?? 0) * 366 * day,
  ];
  return Math.max(...spans);
}

/** The newest drill of a job that passed. */
export function newestPassedDrill(
  records: readonly JobRecords[],
  job: string,
): Evidence | undefined {
  return records
    .filter((one) => one.job === job)
    .flatMap(({ drills }) => drills)
    .filter(({ outcome }) => outcome === 'passed')
    .toSorted((one, other) => (one.finishedAt < other.finishedAt ? -1 : 1))
    .at(-1);
}

/** The job whose drill rehearses this one: its own, or that of the rows whose files these are. */
export function drillingJob({ jobs }: Configuration, name: string): string | undefined {
  if (jobs[name]?.drill) return name;
  return Object.entries(jobs).find(([, { drill }]) => drill?.attachments?.job === name)?.[0];
}
