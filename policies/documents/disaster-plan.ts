import type { Configuration } from '../../contracts/configuration.ts';
import type { Evidence } from '../../contracts/evidence.ts';
import { formatsFor, type Formats } from '../../pages/formats.ts';
import { catalogue, type Language } from '../../pages/language.ts';
import type { JobRecords } from '../controls/evidence/job-records.ts';
import { drillingJob, jobsInOrder, newestPassedDrill, sourceName } from './job-facts.ts';
import { bullets, numbered, page, table } from './markdown.ts';

export interface DisasterPlanInputs {
  readonly agent: Configuration;
  readonly records: readonly JobRecords[];
  /** Left out in an example. */
  readonly now?: Date;
  readonly language: Language;
}

/** The disaster plan: what comes back, in which order, how fast by objective and by measurement. */
export function disasterPlan({ agent, records, now, language }: DisasterPlanInputs): string {
  const words = texts[language];
  const formats = formatsFor(language);
  const jobs = jobsInOrder(agent).map(([name, job]) => ({
    name,
    job,
    drill: newestPassedDrill(records, drillingJob(agent, name) ?? name),
  }));
  return page(
    `# ${words.title}`,
    words.made(now ? formats.moment(now) : ''),
    `## ${words.roles}`,
    table(
      words.roleColumns.split('|'),
      words.roleRows.split('|').map((role) => [role, '', '']),
    ),
    `## ${words.objectives}`,
    table(
      words.objectiveColumns.split('|'),
      jobs.map(({ name, job, drill }, index) => [
        String(index + 1),
        name,
        sourceName(job),
        duration(job.objectives.rpo, formats),
        measured(drill, 'rpo', formats),
        duration(job.objectives.rto, formats),
        measured(drill, 'rto', formats),
        drill ? `${formats.day(drill.finishedAt)} (${drill.repository})` : words.never,
      ]),
    ),
    words.measuredNote,
    phases(
      jobs.map(({ drill }) => drill),
      formats,
      words.phases,
    ),
    `## ${words.where}`,
    bullets(
      Object.entries(agent.repositories).map(([name, repository]) =>
        repository.type === 's3'
          ? `**${name}**: S3 ${repository.bucket}${repository.region === undefined ? '' : ` (${repository.region})`}`
          : `**${name}**: ${repository.path}`,
      ),
    ),
    words.keys(agent.keys.recipients.length),
    `## ${words.steps}`,
    numbered([
      ...words.first.split('|'),
      ...jobs.map(({ name, job }) => words.restore(name, job.copies[0] ?? job.repository)),
      ...words.last.split('|'),
    ]),
    `## ${words.approval}`,
    table(words.approvalColumns.split('|'), [['', '', '']]),
  );
}

function duration(ms: number | undefined, formats: Formats): string {
  return ms === undefined ? '–' : formats.duration(ms);
}

function measured(drill: Evidence | undefined, name: 'rpo' | 'rto', formats: Formats): string {
  return duration(drill?.objectives.find((one) => one.name === name)?.measuredMs, formats);
}

function phases(
  drills: readonly (Evidence | undefined)[],
  formats: Formats,
  title: (job: string) => string,
): string {
  return drills
    .flatMap((drill) =>
      drill
        ? [
            `${title(drill.job)} ${drill.phases
              .map(({ name, durationMs }) => `${name} ${formats.duration(durationMs)}`)
              .join(', ')}`,
          ]
        : [],
    )
    .join('\n\n');
}

const texts = catalogue({
  en: {
    title: 'Disaster plan',
    made: (moment: string) =>
      `Generated${moment && ` at ${moment}`} by \`policies document disaster-plan\` from the agent's jobs, their objectives and the times that drills measured. Make it anew after each change of jobs and once a year; fill in the people, print it, and keep a copy where the disaster is not.`,
    roles: 'Who',
    roleColumns: 'Role|Person, phone|Deputy, phone',
    roleRows:
      'Declares the disaster, and its end|Restores|Holds the recovery key|Holds the escrow key|Tells customers and authorities',
    objectives: 'What comes back, in this order',
    objectiveColumns:
      '#|Job|What|RPO, objective|RPO, measured|RTO, objective|RTO, measured|Last passed drill',
    never: 'never: treat the time as unknown',
    measuredNote:
      'RPO: how much work is lost at most. RTO: how long until it can be used. Measured by the newest drill that passed, from the repository named.',
    phases: (job: string) => `Time of ${job} by phase:`,
    where: 'Where backups lie',
    keys: (count: number) =>
      `They open with ${count === 1 ? 'one identity' : `any of ${count} identities`} that the agent's host does not hold. Each repository has a RECOVER.md for recovery with standard tools alone.`,
    steps: 'What to do',
    first:
      'Declare the disaster, write down the time. Follow the incident plan if somebody caused it: nothing is restored into a place that an intruder still reaches.|Choose the place: the same region once it is clean, else the off-site region. Deploy the stacks there (docs/deployment.md).|Fetch the recovery key, or the escrow key, two people present.|Look at what there is: `holdfast list`, `holdfast log verify`; choose the newest moment before the damage.',
    restore: (job: string, repository: string) =>
      `Restore \`${job}\`: \`holdfast restore ${job} --from ${repository} --to <new target> --identity <key>\` (add \`--at <time>\` for a moment before the damage).`,
    last: 'Check: the restore’s closing statement, probes of the drill, a sign-in, one customer’s record with its attachment.|Point the CRM to the new place; change all credentials that the old place knew.|Tell users and customers what was lost: everything after the moment restored to.|Start backups of the new place with a full; declare the end; write the lessons down within two weeks.',
    approval: 'Approved',
    approvalColumns: 'Date|By|Next review',
  },
  zh: {
    title: '灾难恢复计划',
    made: (moment: string) =>
      `由 \`policies document disaster-plan\` ${moment && `于 ${moment} `}依据代理作业、目标与演练实测时间生成。作业变更后及每年重新生成；填写人员、打印，并在灾难波及不到之处保存一份。`,
    roles: '人员',
    roleColumns: '角色|人员、电话|代理人、电话',
    roleRows: '宣布灾难及其结束|实施恢复|持有恢复密钥|持有托管密钥|通知客户与主管部门',
    objectives: '恢复内容（按此顺序）',
    objectiveColumns: '#|作业|内容|RPO 目标|RPO 实测|RTO 目标|RTO 实测|最近通过的演练',
    never: '从未：时间视为未知',
    measuredNote:
      'RPO：最多丢失多久的工作。RTO：多久可以使用。实测取自最近通过的演练及所列存储库。',
    phases: (job: string) => `${job} 各阶段用时：`,
    where: '备份所在',
    keys: (count: number) =>
      `${count} 个身份密钥中任一可打开，代理主机不持有。每个存储库有 RECOVER.md，可仅用标准工具恢复。`,
    steps: '步骤',
    first:
      '宣布灾难并记录时间。若系人为，先按事件预案处理：不得恢复到入侵者仍可到达之处。|选择地点：原区域清理后使用，否则用异地区域。部署堆栈（见 docs/deployment.md）。|两人在场取出恢复密钥或托管密钥。|查看现有备份：`holdfast list`、`holdfast log verify`；选择损坏前最近的时刻。',
    restore: (job: string, repository: string) =>
      `恢复 \`${job}\`：\`holdfast restore ${job} --from ${repository} --to <新目标> --identity <密钥>\`（如需损坏前的时刻，加 \`--at <时间>\`）。`,
    last: '检查：恢复的结束说明、演练探针、一次登录、一位客户的记录及其附件。|将 CRM 指向新地点；更换旧地点知晓的全部凭据。|告知用户与客户丢失的内容：恢复时刻之后的一切。|以全量开始新地点的备份；宣布结束；两周内写下教训。',
    approval: '批准',
    approvalColumns: '日期|批准人|下次复核',
  },
});
