import type { ControlState, ControlPart } from '../../../contracts/controls-report.ts';
import { catalogue, type Language } from '../../../pages/language.ts';
import type { Tone } from '../../../pages/mark.ts';

/** The page's own words. */
export const texts = catalogue({
  en: {
    title: (environment: string) =>
      environment === '' ? 'Compliance report' : `Compliance report: ${environment}`,
    allGood: (controls: number) => `All ${controls} controls that apply hold.`,
    someBad: (bad: number, controls: number) =>
      `${bad} of ${controls} controls that apply do not hold, or not fully.`,
    attention: 'What needs attention',
    attentionCaption: 'Controls that do not hold, or not fully, worst first',
    nothing: 'Nothing: every control that applies holds.',
    overview: 'Overview',
    themesCaption: 'Controls by theme',
    theme: 'Theme',
    controls: 'Controls',
    control: 'Control',
    state: 'State',
    why: 'Why',
    what: 'Rests on',
    kind: 'Kind',
    frameworks: 'Frameworks',
    frameworksCaption: 'Requirements by framework, judged by the controls that name them',
    framework: 'Framework',
    total: 'Requirements',
    coverage: 'Mapped',
    outOfScope: 'Out of scope',
    notMapped: 'Not mapped',
    requirement: 'Requirement',
    requirementsOf: (name: string, mapped: number, total: number) =>
      `${name}: ${mapped} of ${total} mapped`,
    showRequirements: 'All requirements',
    outOfScopeBecause: (ids: string, why: string) => `${ids}: ${why}`,
    parts: (good: number, all: number) =>
      all === 1
        ? `Rests on one thing, which is ${good === 1 ? 'good' : 'not'}`
        : `Rests on ${all} things, ${good === all ? 'all' : good} of them good`,
    partsCaption: (control: string) => `What “${control}” rests on`,
    attestations: 'What people attest',
    attestationsCaption: 'Procedures and when they are due',
    procedure: 'Procedure',
    record: 'Record',
    open: 'open',
    problems: 'Problems',
    problemsCaption: 'What could not be used',
    where: 'Where',
    made: 'How this was made',
    infrastructure: 'Infrastructure',
    resources: (resources: number, rules: number) => `${resources} resources, ${rules} rules`,
    agent: "Agent's configuration",
    evidence: 'Signed evidence',
    attestationsFile: 'Attestations',
    none: 'none given',
    madeAt: (moment: string) =>
      `Made at ${moment} from what is named above; nothing on this page was written by hand. A control helps to meet a requirement: whether an organization complies, an auditor decides.`,
    requirementNote:
      'A requirement is met when every control that names it is; it is partly met when some are.',
  },
  zh: {
    title: (environment: string) => (environment === '' ? '合规报告' : `合规报告：${environment}`),
    allGood: (controls: number) => `适用的 ${controls} 项控制全部成立。`,
    someBad: (bad: number, controls: number) =>
      `适用的 ${controls} 项控制中有 ${bad} 项不成立或不完全成立。`,
    attention: '需要处理',
    attentionCaption: '不成立或不完全成立的控制，最严重者在前',
    nothing: '无：适用的控制全部成立。',
    overview: '概览',
    themesCaption: '按主题统计的控制',
    theme: '主题',
    controls: '控制',
    control: '控制',
    state: '状态',
    why: '原因',
    what: '依据',
    kind: '类别',
    frameworks: '框架',
    frameworksCaption: '各框架的要求，由引用它们的控制评判',
    framework: '框架',
    total: '要求数',
    coverage: '已映射',
    outOfScope: '范围外',
    notMapped: '未映射',
    requirement: '要求',
    requirementsOf: (name: string, mapped: number, total: number) =>
      `${name}：${total} 项中已映射 ${mapped} 项`,
    showRequirements: '全部要求',
    outOfScopeBecause: (ids: string, why: string) => `${ids}：${why}`,
    parts: (good: number, all: number) => `依据 ${all} 项，其中 ${good} 项良好`,
    partsCaption: (control: string) => `“${control}”的依据`,
    attestations: '人员证明',
    attestationsCaption: '各程序及其到期日',
    procedure: '程序',
    record: '记录',
    open: '打开',
    problems: '问题',
    problemsCaption: '无法采用的内容',
    where: '位置',
    made: '本页的来源',
    infrastructure: '基础设施',
    resources: (resources: number, rules: number) => `${resources} 个资源，${rules} 条规则`,
    agent: '代理配置',
    evidence: '签名证据',
    attestationsFile: '证明文件',
    none: '未提供',
    madeAt: (moment: string) =>
      `生成于 ${moment}，来源如上；本页无手写内容。控制有助于满足要求；组织是否合规由审计师判定。`,
    requirementNote: '引用某要求的全部控制成立时，该要求为符合；部分成立时为部分符合。',
  },
});

export const stateWords: Readonly<Record<Language, Readonly<Record<ControlState, string>>>> = {
  en: {
    met: 'met',
    attested: 'attested',
    partly: 'partly',
    overdue: 'overdue',
    not: 'not met',
    absent: 'does not apply',
  },
  zh: {
    met: '符合',
    attested: '已证明',
    partly: '部分符合',
    overdue: '已逾期',
    not: '不符合',
    absent: '不适用',
  },
};

export const kindWords: Readonly<Record<Language, Readonly<Record<ControlPart['kind'], string>>>> =
  {
    en: {
      rule: 'rule',
      evidence: 'evidence',
      setting: 'setting',
      service: 'AWS service',
      procedure: 'procedure',
      inherited: 'inherited',
    },
    zh: {
      rule: '规则',
      evidence: '证据',
      setting: '配置',
      service: 'AWS 服务',
      procedure: '程序',
      inherited: '承担方',
    },
  };

export const tones: Readonly<Record<ControlState, Tone>> = {
  met: 'good',
  attested: 'good',
  partly: 'warning',
  overdue: 'warning',
  not: 'bad',
  absent: 'unknown',
};
