import type { Configuration } from '../../../contracts/configuration.ts';
import type { Evidence } from '../../../contracts/evidence.ts';
import { dayMs, dayOf, finding, worst, type Finding } from '../finding.ts';
import { sentences, type Text } from '../text.ts';
import { drillingJob } from '../../documents/job-facts.ts';
import type { JobRecords } from './job-records.ts';
import { digestOf } from './signed-document.ts';

/** Everything that the given repositories say, checked. */
export interface RecordsOfAll {
  readonly records: readonly JobRecords[];
  /** Names the jobs that must have evidence, and their own intervals. */
  readonly agent: Configuration;
  readonly now: Date;
}

export interface EvidenceCheck {
  readonly title: Text;
  readonly check: (all: RecordsOfAll) => Finding;
}

/** How old evidence may be where the job itself sets no interval. */
const limitMs = {
  backup: 2 * dayMs,
  copy: 2 * dayMs,
  verification: 35 * dayMs,
  drill: 35 * dayMs,
  offsiteDrill: 100 * dayMs,
  escrowDrill: 100 * dayMs,
} as const;

type Job = Configuration['jobs'][string];

/** The jobs' findings together: the worst counts, and each job that has it is named. */
function ofEveryJob(
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
function aged(what: Text, at: string | undefined, limit: number, now: Date): Finding {
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

function ofJob({ records }: RecordsOfAll, name: string): readonly JobRecords[] {
  return records.filter(({ job }) => job === name);
}

function newest(times: readonly string[]): string | undefined {
  return times.toSorted().at(-1);
}

function newestBackup({ commits }: JobRecords): string | undefined {
  return newest(commits.flatMap(({ subject, at }) => (subject.type === 'backup' ? [at] : [])));
}

/** Drills of a job, oldest first, over all its repositories. */
function drillsOf(all: RecordsOfAll, name: string): readonly Evidence[] {
  return ofJob(all, name)
    .flatMap(({ drills }) => drills)
    .toSorted((one, other) => (one.finishedAt < other.finishedAt ? -1 : 1));
}

const drill: Text = { en: 'passed drill', zh: '通过的演练' };

/** The newest drill must have passed what `accepts` asks for, and be young enough. */
function drilled(
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

const uncovered = finding('not', 'no drill is configured', '未配置演练');

/** What the agent's signed records must show, by the name that controls give it. */
export const evidenceChecks = {
  log: {
    title: { en: 'Signed logs are whole', zh: '签名日志完整' },
    check: (all) =>
      ofEveryJob(all, (name) => {
        const records = ofJob(all, name);
        const problems = records.flatMap((one) => one.problems);
        const commits = records.reduce((sum, one) => sum + one.commits.length, 0);
        if (problems.length > 0) {
          const what = problems.map((one) => `${one.where} ${one.what}`).join(', ');
          return finding('not', what, what);
        }
        return commits > 0
          ? finding(
              'met',
              `${commits} commits, all signed and linked`,
              `${commits} 条提交，均已签名并相连`,
            )
          : finding('not', 'no log is on record', '没有日志记录');
      }),
  },
  backup: {
    title: { en: 'Recent backups', zh: '近期备份' },
    check: (all) =>
      ofEveryJob(all, (name) =>
        aged(
          { en: 'backup', zh: '备份' },
          newest(ofJob(all, name).flatMap((one) => newestBackup(one) ?? [])),
          limitMs.backup,
          all.now,
        ),
      ),
  },
  copy: {
    title: { en: 'Recent copies in a second repository', zh: '第二存储库中的近期副本' },
    check: (all) =>
      ofEveryJob(all, (name, { objectives, repository }) =>
        aged(
          { en: 'copy', zh: '副本' },
          newest(
            ofJob(all, name)
              .filter((one) => one.repository !== repository)
              .flatMap((one) => newestBackup(one) ?? []),
          ),
          Math.max(limitMs.copy, objectives.offsiteLag ?? 0),
          all.now,
        ),
      ),
  },
  verification: {
    title: { en: 'Backups read to their end', zh: '备份完整读取校验' },
    check: (all) => ofEveryJob(all, (name, job) => verified(all, name, job)),
  },
  drill: {
    title: { en: 'Restore drills', zh: '恢复演练' },
    check: (all) =>
      ofEveryJob(all, (name, { objectives }) => {
        const by = drillingJob(all.agent, name);
        if (by === undefined) return uncovered;
        const limit = objectives.drillInterval ?? all.agent.jobs[by]?.objectives.drillInterval;
        return drilled(all, by, { accepts: () => true, limit: limit ?? limitMs.drill });
      }),
  },
  'offsite-drill': {
    title: { en: 'Restore drills from the off-site copy', zh: '自异地副本的恢复演练' },
    check: (all) =>
      ofEveryJob(all, (name, { repository, drill: own }) =>
        own
          ? drilled(all, name, {
              accepts: (record) => record.repository !== repository,
              limit: limitMs.offsiteDrill,
            })
          : undefined,
      ),
  },
  objectives: {
    title: { en: 'RPO and RTO measured', zh: '实测 RPO 与 RTO' },
    check: (all) =>
      ofEveryJob(all, (name, { drill: own, objectives }) => {
        if (!own) return undefined;
        const last = drillsOf(all, name).at(-1);
        const aging = aged(
          drill,
          last?.finishedAt,
          objectives.drillInterval ?? limitMs.drill,
          all.now,
        );
        return last && aging.state === 'met' ? measured(last) : aging;
      }),
  },
  'escrow-drill': {
    title: { en: 'The escrow identity opened a backup', zh: '托管密钥打开过备份' },
    check: (all) => {
      const { recipients } = all.agent.keys;
      // The first is the one that restores take; what opens with another is what is asked here.
      const others = new Set(recipients.slice(1).map((text) => digestOf(Buffer.from(text))));
      return ofEveryJob(all, (name) =>
        aged(
          { en: 'escrow drill', zh: '托管密钥演练' },
          newest(
            ofJob(all, name).flatMap(({ commits }) =>
              commits.flatMap(({ subject, at }) =>
                subject.type === 'escrow' && others.has(subject.recipient) ? [at] : [],
              ),
            ),
          ),
          limitMs.escrowDrill,
          all.now,
        ),
      );
    },
  },
  'masked-drill': {
    title: { en: 'Masking rehearsed, no original value survived', zh: '脱敏演练，无原值残留' },
    check: (all) =>
      ofEveryJob(all, (name, { source, objectives }) =>
        source.type === 'postgres'
          ? drilled(all, name, {
              accepts: ({ mask }) => mask !== undefined,
              limit: objectives.drillInterval ?? limitMs.drill,
              what: { en: 'masked drill', zh: '脱敏演练' },
            })
          : undefined,
      ),
  },
  'erasure-replay': {
    title: { en: 'Erasures replayed in drills', zh: '演练中重放删除' },
    check: (all) =>
      ofEveryJob(all, (name, { source, drill: own }) => {
        if (source.type !== 'postgres' || !own) return undefined;
        const passed = drillsOf(all, name).filter(({ outcome }) => outcome === 'passed');
        const last = passed.findLast(({ erasures }) => erasures !== undefined);
        if (!last?.erasures)
          return finding('absent', 'no drill met a request of the ledger', '演练未遇到删除请求');
        const { requests, applied } = last.erasures;
        const day = dayOf(last.finishedAt);
        return finding(
          'met',
          `${applied} of ${requests} requests replayed and proven on ${day}`,
          `${day} 重放并证明 ${requests} 项请求中的 ${applied} 项`,
        );
      }),
  },
} satisfies Record<string, EvidenceCheck>;

export type EvidenceName = keyof typeof evidenceChecks;

function measured({ objectives, finishedAt }: Evidence): Finding {
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
function verified(all: RecordsOfAll, name: string, { objectives }: Job): Finding {
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
