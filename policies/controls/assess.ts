import type {
  ControlPart,
  ControlState,
  JudgedControl,
  JudgedFramework,
  JudgedRequirement,
} from '../../contracts/controls-report.ts';
import type { Configuration } from '../../contracts/configuration.ts';
import type { CentralService } from '../../contracts/environment/central-services.ts';
import { centralServicesOf } from '../analysis/guards.ts';
import { environmentType } from '../engine/environment.ts';
import type { Graph } from '../engine/graph.ts';
import type { Report, Result } from '../engine/report.ts';
import { judgeAttestation, type Attestations } from './attestation-checks.ts';
import type { Control, Procedure, Theme } from './control-catalogue.ts';
import { evidenceChecks, type EvidenceName } from './evidence/evidence-checks.ts';
import type { RecordsOfAll } from './evidence/evidence-findings.ts';
import type { FrameworkList } from './framework-lists.ts';
import { finding, type Finding } from './finding.ts';
import { ruleTitle } from './rule-titles.ts';
import { settingChecks, type SettingName } from './setting-checks.ts';
import type { Text } from './text.ts';

/** What controls are judged by. */
export interface Facts {
  readonly graph: Graph;
  readonly report: Report;
  /** Absent: no configuration was given. */
  readonly agent?: Configuration;
  /** Absent: no evidence was given. */
  readonly records?: RecordsOfAll['records'];
  readonly attestations: Attestations;
  readonly procedures: ReadonlyMap<string, Procedure>;
  readonly now: Date;
}

/** Judges every control of the catalogue by everything it rests on. */
export function assessControls(themes: readonly Theme[], facts: Facts): JudgedControl[] {
  const results = Map.groupBy(facts.report.results, ({ rule }) => rule.id);
  return themes.flatMap((theme) =>
    theme.controls.map((control) => {
      const parts = partsOf(control, facts, results);
      return {
        id: control.id,
        theme: theme.id,
        title: control.title,
        promise: control.promise,
        state: stateOf(parts.map(({ state }) => state)),
        parts,
        frameworks: control.frameworks,
      };
    }),
  );
}

type Results = ReadonlyMap<string, readonly Result[]>;

function partsOf(control: Control, facts: Facts, results: Results): ControlPart[] {
  const { rules, whereUsed, services, settings, evidence, procedures, inherited } = control;
  return [
    ...rules.map((id) => rulePart(id, results, true)),
    ...whereUsed.map((id) => rulePart(id, results, false)),
    ...Object.entries(services).map(([type, title]) => servicePart(type, title, facts)),
    ...settings.map((name) => settingPart(name as SettingName, facts)),
    ...evidence.map((name) => evidencePart(name as EvidenceName, facts)),
    ...procedures.map((id) => procedurePart(id, facts)),
    ...(inherited ? [inheritedPart(inherited)] : []),
  ];
}

/** Everything there is a word for must be good; what is absent says nothing. */
export function stateOf(states: readonly ControlState[]): ControlState {
  const there = states.filter((state) => state !== 'absent');
  const has = (...wanted: ControlState[]): boolean => there.some((one) => wanted.includes(one));
  if (there.length === 0) return 'absent';
  if (has('not')) return has('met', 'attested', 'partly') ? 'partly' : 'not';
  if (has('partly')) return 'partly';
  if (has('overdue')) return 'overdue';
  return has('met') ? 'met' : 'attested';
}

function rulePart(id: string, results: Results, required: boolean): ControlPart {
  const judged = judgeRule(results.get(id) ?? [], required);
  return { kind: 'rule', subject: id, title: ruleTitle(id), ...judged };
}

const shownAddresses = 3;

function judgeRule(results: readonly Result[], required: boolean): Finding {
  const of = (outcome: Result['outcome']): readonly Result[] =>
    results.filter((result) => result.outcome === outcome);
  const failed = of('fail');
  if (failed.length > 0) {
    const at = listed(
      failed.map(({ address, actual }) => `${address}${actual ? ` (${actual})` : ''}`),
    );
    return finding('not', `fails at ${at.en}`, `不符合：${at.zh}`);
  }
  const unknown = of('unknown');
  if (unknown.length > 0) {
    const at = listed(unknown.map(({ address }) => address));
    return finding(
      'partly',
      `cannot be judged before apply at ${at.en}`,
      `部署前无法判断：${at.zh}`,
    );
  }
  const [passed, accepted] = [of('pass').length, of('suppressed')];
  if (passed + accepted.length === 0)
    return required
      ? finding('not', 'nothing that it judges is there', '没有可供其评判的资源')
      : finding('absent', 'nothing that it judges is there', '没有可供其评判的资源');
  if (accepted.length === 0)
    return finding('met', `passes for ${passed} resources`, `${passed} 个资源符合`);
  const at = listed(accepted.map(exception));
  return finding(
    'met',
    `passes for ${passed} resources; accepted: ${at.en}`,
    `${passed} 个资源符合；已接受的例外：${at.zh}`,
  );
}

function exception({ address, suppression }: Result): string {
  return suppression
    ? `${address} until ${suppression.expires} (${suppression.owner}, ${suppression.ticket})`
    : address;
}

function listed(items: readonly string[]): Text {
  const shown = items.slice(0, shownAddresses).join(', ');
  const more = items.length - shownAddresses;
  return more > 0
    ? { en: `${shown} and ${more} more`, zh: `${shown} 等 ${items.length} 处` }
    : { en: shown, zh: shown };
}

/** By Terraform type, what an environment calls a service that its organization may run. */
const centralNames: Readonly<Record<string, CentralService>> = {
  aws_accessanalyzer_analyzer: 'access-analyzer',
  aws_cloudtrail: 'cloudtrail',
  aws_config_configuration_recorder: 'config',
  aws_guardduty_detector: 'guardduty',
  aws_inspector2_enabler: 'inspector',
  aws_macie2_account: 'macie',
  aws_securityhub_account: 'securityhub',
};

function servicePart(type: string, title: Text, facts: Facts): ControlPart {
  return { kind: 'service', subject: type, title, ...judgeService(type, facts) };
}

function judgeService(type: string, { graph }: Facts): Finding {
  const count = graph.of(type).filter(({ mode }) => mode === 'managed').length;
  if (count > 0)
    return finding('met', `${count} × ${type} in the stacks`, `堆栈中有 ${count} 个 ${type}`);
  const central = graph
    .of(environmentType)
    .flatMap(centralServicesOf)
    .find(({ service }) => service === centralNames[type]);
  // Nothing here shows whether that is so.
  return central
    ? finding(
        'partly',
        `the organization is said to run it: ${central.reason}`,
        `据称由组织统一运行：${central.reason}`,
      )
    : finding('not', `no ${type} in the stacks`, `堆栈中没有 ${type}`);
}

function settingPart(name: SettingName, { agent }: Facts): ControlPart {
  const { title, check } = settingChecks[name];
  return {
    kind: 'setting',
    subject: name,
    title,
    ...(agent
      ? check(agent)
      : finding('not', "the agent's configuration was not given", '未提供代理配置')),
  };
}

function evidencePart(name: EvidenceName, { agent, records, now }: Facts): ControlPart {
  const { title, check } = evidenceChecks[name];
  return {
    kind: 'evidence',
    subject: name,
    title,
    ...(agent && records
      ? check({ agent, records, now })
      : finding('not', "the agent's signed records were not given", '未提供代理的签名记录')),
  };
}

function procedurePart(id: string, { procedures, attestations, now }: Facts): ControlPart {
  const procedure = procedures.get(id);
  if (!procedure) throw new Error(`there is no procedure ${id}`);
  const attestation = attestations.newest.get(id);
  return {
    kind: 'procedure',
    subject: id,
    title: procedure.title,
    ...judgeAttestation(attestation, procedure, now),
    ...(attestation && { link: attestation.link }),
  };
}

function inheritedPart(why: Text): ControlPart {
  const title: Text = { en: 'Inherited from AWS', zh: '由 AWS 承担' };
  return { kind: 'inherited', subject: 'aws', title, state: 'met', why };
}

/** Judges every requirement of the frameworks by the controls that name it. */
export function assessFrameworks(
  lists: readonly FrameworkList[],
  controls: readonly JudgedControl[],
): JudgedFramework[] {
  return lists.map((list) => {
    const requirements = [...list.requirements].map(([id, title]) =>
      assessRequirement(id, title, list, controls),
    );
    const mapped = requirements.filter((one) => one.controls.length > 0).length;
    const outOfScope = requirements.filter((one) => one.outOfScope !== undefined).length;
    const { id, name, short } = list;
    return { id, name, short, total: requirements.length, mapped, outOfScope, requirements };
  });
}

function assessRequirement(
  id: string,
  title: Text,
  list: FrameworkList,
  controls: readonly JudgedControl[],
): JudgedRequirement {
  const naming = controls.filter(({ frameworks }) => frameworks[list.id]?.includes(id));
  const reason = list.outOfScope.get(id);
  return {
    id,
    title,
    controls: naming.map((control) => control.id),
    ...(naming.length > 0 && { state: stateOf(naming.map(({ state }) => state)) }),
    ...(reason && { outOfScope: reason }),
  };
}
