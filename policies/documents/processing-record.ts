import type { Configuration } from '../../contracts/configuration.ts';
import type { Environment } from '../../contracts/environment.ts';
import { formatsFor } from '../../pages/formats.ts';
import { catalogue, type Language } from '../../pages/language.ts';
import { jobsInOrder, longestRetentionMs, retentionText, sourceName } from './job-facts.ts';
import { bullets, page, table } from './markdown.ts';

export interface ProcessingInputs {
  readonly environment: Environment;
  readonly agent: Configuration;
  /** Left out in an example. */
  readonly now?: Date;
  readonly language: Language;
}

/** The record of processing (GDPR Art. 30, PIPL Art. 51 and 56): what the files know, and blanks. */
export function processingRecord({ environment, agent, now, language }: ProcessingInputs): string {
  const words = texts[language];
  const formats = formatsFor(language);
  const { region, offsite, retention, contacts, data, edge } = environment;
  const days = (count: number): string => formats.duration(count * 86_400_000);
  return page(
    `# ${words.title(environment.project, environment.environment)}`,
    words.made(now ? formats.moment(now) : ''),
    `## ${words.controller}`,
    table(words.controllerColumns.split('|'), [
      [words.controllerName, ''],
      [words.officer, ''],
      [words.contacts, `${contacts.security}, ${contacts.operations}`],
      [words.owner, environment.owner],
      [words.system, edge.domain],
    ]),
    `## ${words.purposes}`,
    table(
      words.purposeColumns.split('|'),
      words.purposeRows.split('|').map((row) => [row, '', '', '', '']),
    ),
    `## ${words.stores}`,
    table(words.storeColumns.split('|'), [
      [words.database(data.engineVersion), region, words.whileCustomer, words.protectedStore],
      [
        words.attachments,
        data.replicateAttachments ? `${region}, ${offsite.region}` : region,
        words.versions(days(retention.attachmentVersionsDays)),
        words.protectedStore,
      ],
      ...(data.fileSystem
        ? [[words.fileSystem, region, words.whileCustomer, words.protectedStore]]
        : []),
      [words.snapshots, region, days(retention.databaseBackupsDays), words.protectedStore],
      [words.logs, region, days(retention.logsDays), words.protectedLogs],
      [words.accessLogs, region, days(retention.accessLogsDays), words.protectedLogs],
    ]),
    `## ${words.backups}`,
    table(
      words.backupColumns.split('|'),
      jobsInOrder(agent).map(([name, job]) => [
        name,
        sourceName(job),
        [job.repository, ...job.copies].map((one) => placeOf(one, agent)).join('; '),
        `${retentionText(job, formats)} (${words.atMost(formats.duration(longestRetentionMs(job)))})`,
        words.backupProtection(agent.keys.recipients.length),
      ]),
    ),
    `## ${words.transfers}`,
    region === offsite.region ? undefined : words.regions(region, offsite.region),
    table(words.transferColumns.split('|'), [['', '', '']]),
    `## ${words.measures}`,
    bullets(words.measureList.split('|')),
    weakenings(environment, language),
    `## ${words.confirmed}`,
    table(words.confirmedColumns.split('|'), [['', '', '']]),
  );
}

function placeOf(name: string, { repositories }: Configuration): string {
  const repository = repositories[name];
  if (repository?.type !== 's3') return name;
  return repository.region === undefined ? name : `${name} (${repository.region})`;
}

function weakenings({ weakenings: entries }: Environment, language: Language): string | undefined {
  if (entries.length === 0) return undefined;
  const words = texts[language];
  return [
    words.weakened,
    table(
      words.weakenedColumns.split('|'),
      entries.map(({ setting, reason }) => [setting, reason]),
    ),
  ].join('\n\n');
}

const texts = catalogue({
  en: {
    title: (project: string, environment: string) =>
      `Record of processing: ${project}, ${environment}`,
    made: (moment: string) =>
      `Generated${moment && ` at ${moment}`} by \`policies document processing-record\` from the environment file and the agent's jobs (GDPR Art. 30; PIPL Art. 51, 56). Fill in what is empty; make it anew after each change.`,
    controller: 'Who is responsible',
    controllerColumns: 'What|Who',
    controllerName: 'Controller (and representative), address',
    officer: 'Data protection officer',
    contacts: 'Contacts',
    owner: 'Team that answers for the system',
    system: 'System',
    purposes: 'Purposes',
    purposeColumns:
      'Purpose|Legal basis|People|Data (sensitive ones marked)|Recipients, processors',
    purposeRows:
      'Keeping customer relations|Support|Marketing with consent|Security and audit of the system',
    stores: 'Where data lie, how long, how protected',
    storeColumns: 'Store|Place|Kept|Protection',
    database: (version: string) => `CRM database (PostgreSQL ${version})`,
    attachments: 'Attachments',
    fileSystem: 'Shared file system',
    snapshots: "Database's automated backups",
    logs: 'Logs',
    accessLogs: 'Access logs of buckets',
    whileCustomer: 'while the relation lasts, then: …',
    versions: (time: string) => `as the records; replaced and deleted versions ${time}`,
    protectedStore: 'customer key, TLS, least privilege, access logged',
    protectedLogs: 'customer key, restricted',
    backups: 'Backups',
    backupColumns: 'Job|What|Place|Kept|Protection',
    atMost: (time: string) => `at most about ${time}`,
    backupProtection: (recipients: number) =>
      `encrypted to ${recipients} recipients, signed, writer cannot read or delete`,
    transfers: 'Transfers to other countries',
    regions: (region: string, offsite: string) =>
      `The system runs in ${region}, its copies in ${offsite}. Where these are two countries, name the basis.`,
    transferColumns: 'To|Data|Basis (adequacy, clauses, assessment, standard contract, consent)',
    measures: 'Measures',
    measureList:
      'the controls of the compliance page (`policies report`)|restore drills with signed evidence|erasures are done again after a restore of an older backup, see docs/procedures/data-subject-requests.md',
    weakened: 'Settings below the baseline, with their reasons:',
    weakenedColumns: 'Setting|Reason',
    confirmed: 'Confirmed',
    confirmedColumns: 'Date|By|Changes',
  },
  zh: {
    title: (project: string, environment: string) =>
      `个人信息处理活动记录：${project}，${environment}`,
    made: (moment: string) =>
      `由 \`policies document processing-record\` ${moment && `于 ${moment} `}依据环境文件与代理作业生成（《个人信息保护法》第 51、56 条；GDPR 第 30 条）。请填写空白；变更后重新生成。`,
    controller: '责任主体',
    controllerColumns: '事项|主体',
    controllerName: '个人信息处理者（及代表）、地址',
    officer: '个人信息保护负责人',
    contacts: '联系方式',
    owner: '负责该系统的团队',
    system: '系统',
    purposes: '处理目的',
    purposeColumns: '目的|合法性基础|个人|信息（标出敏感信息）|接收方、受托人',
    purposeRows: '客户关系管理|客户支持|经同意的营销|系统安全与审计',
    stores: '存储位置、期限与保护',
    storeColumns: '存储|位置|期限|保护',
    database: (version: string) => `CRM 数据库（PostgreSQL ${version}）`,
    attachments: '附件',
    fileSystem: '共享文件系统',
    snapshots: '数据库自动备份',
    logs: '日志',
    accessLogs: '存储桶访问日志',
    whileCustomer: '关系存续期间，之后：……',
    versions: (time: string) => `与记录相同；被替换与删除的版本 ${time}`,
    protectedStore: '客户管理密钥、TLS、最小权限、访问留痕',
    protectedLogs: '客户管理密钥、限制访问',
    backups: '备份',
    backupColumns: '作业|内容|位置|期限|保护',
    atMost: (time: string) => `最长约 ${time}`,
    backupProtection: (recipients: number) =>
      `加密给 ${recipients} 个接收方并签名，写入方不能读取或删除`,
    transfers: '跨境提供',
    regions: (region: string, offsite: string) =>
      `系统运行于 ${region}，副本位于 ${offsite}。若分属两国，请写明依据。`,
    transferColumns: '接收地|信息|依据（安全评估、标准合同、认证、单独同意）',
    measures: '安全措施',
    measureList:
      '合规页（`policies report`）所列控制|具签名证据的恢复演练|恢复旧备份后重新执行删除，见 docs/procedures/data-subject-requests.md',
    weakened: '低于基线的设置及理由：',
    weakenedColumns: '设置|理由',
    confirmed: '确认',
    confirmedColumns: '日期|确认人|变更',
  },
});
