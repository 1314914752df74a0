import type { Configuration } from '../../contracts/configuration.ts';
import { drillingJob } from '../documents/job-facts.ts';
import { finding, type Finding } from './finding.ts';
import type { Text } from './text.ts';

export interface SettingCheck {
  readonly title: Text;
  readonly check: (agent: Configuration) => Finding;
}

/** Every job for which `holds`; the names of the others otherwise. */
function everyJob(
  { jobs }: Configuration,
  holds: (job: Configuration['jobs'][string], name: string) => boolean,
  good: Text,
  lacking: Text,
): Finding {
  const entries = Object.entries(jobs);
  const without = entries.filter(([name, job]) => !holds(job, name)).map(([name]) => name);
  if (entries.length === 0) return finding('not', 'there is no job', '没有任何作业');
  if (without.length === 0) return { state: 'met', why: good };
  return finding(
    without.length === entries.length ? 'not' : 'partly',
    `${lacking.en}: ${without.join(', ')}`,
    `${lacking.zh}：${without.join('、')}`,
  );
}

/** What the agent's configuration must say, by the name that controls give it. */
export const settingChecks = {
  'escrow-recipient': {
    title: { en: 'A second recipient opens backups', zh: '第二接收方可打开备份' },
    check: ({ keys: { recipients } }) =>
      recipients.length > 1
        ? finding('met', `${recipients.length} recipients`, `${recipients.length} 个接收方`)
        : finding('not', 'there is only one recipient', '只有一个接收方'),
  },
  'post-quantum-recipients': {
    title: { en: 'Recipients are post-quantum hybrids', zh: '接收方为后量子混合密钥' },
    check: ({ keys: { recipients } }) =>
      recipients.every((recipient) => recipient.startsWith('age1pq1'))
        ? finding('met', 'all recipients are hybrids', '所有接收方均为混合密钥')
        : finding('not', 'recipients are X25519 alone', '接收方仅为 X25519'),
  },
  'pinned-signers': {
    title: { en: 'Signing keys are pinned, a key a role', zh: '签名密钥按角色固定' },
    check: ({ keys: { trusted } }) => {
      const rolesOf = Map.groupBy(trusted, ({ publicKey }) => publicKey);
      const shared = [...rolesOf.values()].some(
        (pins) => new Set(pins.map(({ role }) => role)).size > 1,
      );
      if (shared) return finding('partly', 'one key has several roles', '一把密钥承担多个角色');
      const roles = [...new Set(trusted.map(({ role }) => role))].toSorted();
      return roles.includes('writer') && roles.includes('drill')
        ? finding(
            'met',
            `keys of ${roles.join(', ')} are pinned`,
            `已固定 ${roles.join('、')} 的密钥`,
          )
        : finding('partly', `only ${roles.join(', ')} is pinned`, `仅固定了 ${roles.join('、')}`);
    },
  },
  objectives: {
    title: { en: 'Jobs have RPO and RTO', zh: '作业具有 RPO 与 RTO' },
    check: (agent) =>
      everyJob(
        agent,
        ({ objectives: { rpo, rto }, drill }, name) =>
          drill
            ? rpo !== undefined && rto !== undefined
            : rpo !== undefined || drillingJob(agent, name) !== undefined,
        { en: 'every job has its objectives', zh: '每个作业都有目标' },
        { en: 'without objectives', zh: '缺少目标' },
      ),
  },
  copies: {
    title: { en: 'Jobs are copied to another repository', zh: '作业复制到另一存储库' },
    check: (agent) =>
      everyJob(
        agent,
        ({ copies }) => copies.length > 0,
        { en: 'every job has a copy', zh: '每个作业都有副本' },
        { en: 'without a copy', zh: '没有副本' },
      ),
  },
  'object-lock': {
    title: { en: 'Repositories are locked', zh: '存储库已锁定' },
    check: ({ repositories }) => {
      const open = Object.entries(repositories)
        .filter(([, one]) => one.type !== 's3' || one.objectLock === undefined)
        .map(([name]) => name);
      const all = Object.keys(repositories).length;
      if (open.length === 0) return finding('met', 'all have Object Lock', '均启用对象锁定');
      return finding(
        open.length === all ? 'not' : 'partly',
        `without Object Lock: ${open.join(', ')}`,
        `未启用对象锁定：${open.join('、')}`,
      );
    },
  },
  retention: {
    title: { en: 'Jobs say how long backups stay', zh: '作业规定备份保留期' },
    check: (agent) =>
      everyJob(
        agent,
        // The schema demands that something is kept; here, that something ends.
        ({ retention }) => Object.keys(retention).length > 0,
        { en: 'every job has its retention', zh: '每个作业都有保留期' },
        { en: 'without retention', zh: '缺少保留期' },
      ),
  },
  notifications: {
    title: { en: 'Somebody hears of failures', zh: '故障有人接收' },
    check: ({ notifications }) => {
      const channels = Object.keys(notifications?.channels ?? {});
      return channels.length > 0
        ? finding('met', `channels: ${channels.join(', ')}`, `渠道：${channels.join('、')}`)
        : finding('not', 'the agent tells nobody', '代理不通知任何人');
    },
  },
} satisfies Record<string, SettingCheck>;

export type SettingName = keyof typeof settingChecks;
