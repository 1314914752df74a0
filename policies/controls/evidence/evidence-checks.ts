import { dayOf, finding, type Finding } from '../finding.ts';
import type { Text } from '../text.ts';
import { drillingJob } from '../../documents/job-facts.ts';
import {
  aged,
  drill,
  drilled,
  drillsOf,
  limitMs,
  measured,
  newest,
  newestBackup,
  ofEveryJob,
  ofJob,
  verified,
  type RecordsOfAll,
} from './evidence-findings.ts';
import { digestOf } from './signed-document.ts';

export interface EvidenceCheck {
  readonly title: Text;
  readonly check: (all: RecordsOfAll) => Finding;
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
