import { formatsFor } from '../../pages/formats.ts';
import { catalogue } from '../../pages/language.ts';
import { longestRetentionMs } from './job-facts.ts';
import { bullets, page } from './markdown.ts';
import type { ProcessingInputs } from './processing-record.ts';

/** The privacy notice (GDPR Art. 13, 14; PIPL Art. 17; CCPA 1798.130): a draft with what is known. */
export function privacyNotice({ environment, agent, now, language }: ProcessingInputs): string {
  const words = texts[language];
  const formats = formatsFor(language);
  const { region, offsite, retention, contacts, edge } = environment;
  const backups = Math.max(0, ...Object.values(agent.jobs).map(longestRetentionMs));
  return page(
    `# ${words.title}`,
    words.draft(now ? formats.day(now) : ''),
    `## ${words.who}`,
    words.whoText(edge.domain, contacts.security),
    `## ${words.what}`,
    bullets(words.whatList.split('|')),
    `## ${words.how}`,
    bullets([
      words.live,
      words.backups(formats.duration(backups)),
      words.logs(formats.duration(retention.logsDays * 86_400_000)),
    ]),
    `## ${words.where}`,
    words.whereText(region, offsite.region),
    `## ${words.safe}`,
    words.safeText,
    `## ${words.rights}`,
    bullets(words.rightsList.split('|')),
    words.rightsText(contacts.security),
  );
}

const texts = catalogue({
  en: {
    title: 'Privacy notice',
    draft: (day: string) =>
      `*Draft generated${day && ` on ${day}`} by \`policies document privacy-notice\`. Complete what stands in brackets, have it read by a lawyer, remove this line, and publish it where people give their data.*`,
    who: 'Who we are',
    whoText: (system: string, contact: string) =>
      `[Company, address, representative] runs the customer system at ${system}. Data protection: [officer], ${contact}.`,
    what: 'What we hold about you, why, and on which basis',
    whatList:
      'Contact data, our correspondence, contracts and attachments: to serve you [contract]|What you agreed to receive: to inform you [consent, withdrawable at any time]|Who used the system, when and from where: to keep it secure [legitimate interest / legal duty]|[Sensitive data, if any: purpose, need, effect on you, separate consent]|We do not sell your data. [Recipients and processors, by name and purpose]',
    how: 'How long',
    live: '[While our relation lasts, then the time that the law asks for]',
    backups: (time: string) =>
      `In backups at most about ${time}; they cannot be changed, and end by themselves. What you had erased is erased again if an older backup is ever restored.`,
    logs: (time: string) => `In logs ${time}.`,
    where: 'Where',
    whereText: (region: string, offsite: string) =>
      `In data centres of Amazon Web Services, regions ${region} and, for copies, ${offsite}. [Other countries, and the basis]`,
    safe: 'How they are kept safe',
    safeText:
      'Encrypted in transit and at rest; opened only by people whose duty asks for it, with a second factor, and every access is logged; backed up to places that nobody can change, and restores are rehearsed. If a breach puts you at risk, we tell you and the authority without delay.',
    rights: 'What you may ask',
    rightsList:
      'to see and receive your data, and to take them along|to have them corrected, erased or restricted|to object, to withdraw consent, and to opt out of sale or sharing|to have an automated decision explained and looked at by a person [none are made]|to complain to [authority]',
    rightsText: (contact: string) =>
      `Write to ${contact}. We answer within [a month / 45 days / 15 working days], free of charge, and nobody is treated worse for asking.`,
  },
  zh: {
    title: '隐私告知',
    draft: (day: string) =>
      `*草稿由 \`policies document privacy-notice\` ${day && `于 ${day} `}生成。请补全方括号内容，经法务审阅并删除本行后，在收集信息之处公布。*`,
    who: '我们是谁',
    whoText: (system: string, contact: string) =>
      `［公司名称、地址、境内代表］运营位于 ${system} 的客户系统。个人信息保护负责人：［姓名］，${contact}。`,
    what: '我们持有哪些信息、目的与依据',
    whatList:
      '联系方式、往来沟通、合同与附件：为您提供服务［合同所必需］|您同意接收的内容：向您发送资讯［同意，可随时撤回］|系统的使用者、时间与来源：保障系统安全［法定义务］|［敏感个人信息（如有）：目的、必要性、对您的影响、单独同意］|我们不出售您的信息。［接收方与受托人的名称及目的］',
    how: '保存期限',
    live: '［关系存续期间及其后法律要求的期限］',
    backups: (time: string) =>
      `备份中最长约 ${time}；备份不可更改，到期自行清除。若恢复旧备份，您已删除的信息将再次删除。`,
    logs: (time: string) => `日志中 ${time}。`,
    where: '存放地点',
    whereText: (region: string, offsite: string) =>
      `亚马逊云科技（AWS）数据中心，区域 ${region}，副本位于 ${offsite}。［其他国家或地区及跨境依据］`,
    safe: '如何保护',
    safeText:
      '传输与存储均加密；仅职责所需人员凭第二因素访问，每次访问均留痕；备份存于不可更改之处，并定期演练恢复。若泄露可能危及您，我们会立即通知您与主管部门。',
    rights: '您的权利',
    rightsList:
      '查阅、复制与转移您的信息|更正、补充、删除或限制处理|拒绝处理、撤回同意|要求对自动化决策作出说明并由人工处理［我们不作此类决策］|向［主管部门］投诉',
    rightsText: (contact: string) =>
      `请联系 ${contact}。我们在［15 个工作日］内免费答复，不会因此降低服务。`,
  },
});
