import type { Configuration } from '../../../contracts/configuration.ts';
import type { Evidence } from '../../../contracts/evidence.ts';
import { drillingJob } from '../../documents/job-facts.ts';
import { dayMs, dayOf, finding, worst, type Finding } from '../finding.ts';
import { sentences, type Text } from '../text.ts';
import type { JobRecords } from './job-records.ts';

/** Everything that the given repositories say, checked. */
export interface RecordsOfAll {
  readonly records: readonly JobRecords[];
  /** Names the jobs that must have evidence, and their own intervals. */
  readonly agent: Configuration;
  readonly now: Date;
}

/** How old evidence may be where the job itself sets no interval. */
export const limitMs = {
  backup: 2 * dayMs,
  copy: 2 * dayMs,
  verification: 35 * dayMs,
  drill: 35 * dayMs,
  offsiteDrill: 100 * dayMs,
  escrowDrill: 100 * dayMs,
} as const;

type Job = Configuration['jobs'][string];

/** The jobs' findings together: the worst counts, and each job that has it is named. */
export function ofEveryJob(
  { agent }: RecordsOfAll,
  check: (name: string, job: Job) => Finding | undefined,
): Finding {
  const findings = Object.entries(agent.jobs).flatMap(([name, job]) => {
    const found = check(name, job);
    return found
      ? [{ ...found, why: { en: `${name}: ${found.why.en}`, zh: `${name}：${found.why.zh}` } }]
      : [];
  });
  const decisive = worst(findings);
  const [first] = decisive;
  if (!first) return finding('not', 'there is no job that it concerns', '没有相关的作业');
  return { state: first.state, why: sentences(decisive.map(({ why }) => why)) };
}

/** Good while no older than the limit, overdue from then on. */
export function aged(what: Text, at: string | undefined, limit: number, now: Date): Finding {
  if (at === undefined) return finding('not', `no ${what.en} is on record`, `没有${what.zh}的记录`);
  const days = Math.round(limit / dayMs);
  const old = now.getTime() - Date.parse(at) > limit;
  return old
    ? finding(
        'overdue',
        `the newest ${what.en} is of ${dayOf(at)}, older than ${days} days`,
        `最近的${what.zh}为 ${dayOf(at)}，已超过 ${days} 天`,
      )
    : finding('met', `${what.en} of ${dayOf(at)}`, `${what.zh}于 ${dayOf(at)}`);
}

export function ofJob({ records }: RecordsOfAll, name: string): readonly JobRecords[] {
  return records.filter(({ job }) => job === name);
}

export function newest(times: readonly string[]): string | undefined {
  return times.toSorted().at(-1);
}

export function newestBackup({ commits }: JobRecords): string | undefined {
  return newest(commits.flatMap(({ subject, at }) => (subject.type === 'backup' ? [at] : [])));
}

/** Drills of a job, oldest first, over all its repositories. */
export function drillsOf(all: RecordsOfAll, name: string): readonly Evidence[] {
  return ofJob(all, name)
    .flatMap(({ drills }) => drills)
    .toSorted((one, other) => (one.finishedAt < other.finishedAt ? -1 : 1));
}

export const drill: Text = { en: 'passed drill', zh: '通过的演练' };

/** The newest drill must have passed what `accepts` asks for, and be young enough. */
export function drilled(
  all: RecordsOfAll,
  name: string,
  {
    accepts,
    limit,
    what = drill,
  }: {
    accepts: (record: Evidence) => boolean;
    limit: number;
    what?: Text;
  },
): Finding {
  const records = drillsOf(all, name).filter(accepts);
  const last = records.at(-1);
  if (last?.outcome === 'failed')
    return finding(
      'not',
      `the drill of ${dayOf(last.finishedAt)} failed: ${failuresOf(last)}`,
      `${dayOf(last.finishedAt)} 的演练失败：${failuresOf(last)}`,
    );
  return aged(what, last?.finishedAt, limit, all.now);
}

function failuresOf({ assertions, objectives }: Evidence): string {
  return [
    ...assertions.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name),
    ...objectives.filter(({ met }) => !met).map(({ name }) => name.toUpperCase()),
  ].join(', ');
}

export function measured({ objectives, finishedAt }: Evidence): Finding {
  const show = ({ name, measuredMs, targetMs }: Evidence['objectives'][number]): string =>
    `${name.toUpperCase()} ${minutes(measuredMs)}${targetMs === undefined ? '' : `/${minutes(targetMs)}`}`;
  const shown = objectives.map(show).join(', ');
  const missed = objectives.filter(({ met }) => !met);
  if (missed.length > 0)
    return finding(
      'not',
      `missed on ${dayOf(finishedAt)}: ${missed.map(show).join(', ')}`,
      `${dayOf(finishedAt)} 未达标：${missed.map(show).join('、')}`,
    );
  return objectives.every(({ targetMs }) => targetMs !== undefined)
    ? finding('met', `${shown} on ${dayOf(finishedAt)}`, `${dayOf(finishedAt)}：${shown}`)
    : finding('partly', `${shown}, without a target for each`, `${shown}，缺少目标值`);
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}

/** A deep verification reads to the end; so does a drill, which restores what it reads. */
export function verified(all: RecordsOfAll, name: string, { objectives }: Job): Finding {
  const verifications = ofJob(all, name).flatMap(({ commits }) =>
    commits.flatMap(({ subject, at }) =>
      subject.type === 'verification' ? [{ at, failed: subject.failed }] : [],
    ),
  );
  const last = verifications.toSorted((one, other) => (one.at < other.at ? -1 : 1)).at(-1);
  if (last && last.failed.length > 0)
    return finding(
      'not',
      `the verification of ${dayOf(last.at)} failed for ${last.failed.join(', ')}`,
      `${dayOf(last.at)} 的校验失败：${last.failed.join('、')}`,
    );
  const by = drillingJob(all.agent, name);
  const drills = by === undefined ? [] : drillsOf(all, by);
  const passed = drills.filter(({ outcome }) => outcome === 'passed');
  return aged(
    { en: 'verification', zh: '校验' },
    newest([...(last ? [last.at] : []), ...passed.map(({ finishedAt }) => finishedAt)]),
    objectives.verifyInterval ?? limitMs.verification,
    all.now,
  );
}
