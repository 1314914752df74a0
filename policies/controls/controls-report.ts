import type { ControlsReport } from '../../contracts/controls-report.ts';
import { environmentResource } from '../engine/environment.ts';
import { judgeGraph } from '../engine/judge.ts';
import { load } from '../engine/load.ts';
import type { EngineError } from '../engine/report.ts';
import type { SuppressionSet } from '../engine/suppress.ts';
import type { Fields } from '../engine/value.ts';
import { rules } from '../rules/index.ts';
import { assessControls, assessFrameworks, type Facts } from './assess.ts';
import { type Attestations, noAttestations } from './attestation-checks.ts';
import { controlCatalogue, procedures, type Theme } from './control-catalogue.ts';
import { readRecords, type AgentFile, type EvidencePlace } from './evidence/read-records.ts';
import { frameworkLists, type FrameworkList } from './framework-lists.ts';

export interface ControlsInputs {
  /** A CDKTF output directory, Terraform's JSON, or a plan. */
  readonly infrastructure: string;
  readonly environment?: { readonly name: string; readonly content: Fields };
  readonly suppressions: SuppressionSet;
  readonly agent?: AgentFile;
  readonly evidence: readonly EvidencePlace[];
  readonly attestations?: { readonly file: string; readonly read: Attestations };
  /** Only these; every one without it. */
  readonly frameworks?: readonly string[];
  readonly now: Date;
}

/** The report, and rules that broke: those make it worthless. */
export interface CompiledControls {
  readonly report: ControlsReport;
  readonly errors: readonly EngineError[];
}

/**
 * Judges every control by rules, signed evidence, settings, services and attestations.
 *
 * @throws {LoadError} when the infrastructure cannot be read
 * @throws {EvidenceError} when a place holds no evidence, or that of a repository which the agent's
 *   configuration does not name
 */
export async function compileControls(inputs: ControlsInputs): Promise<CompiledControls> {
  const { environment, agent, now } = inputs;
  const facts = await gatherFacts(inputs);
  const lists = chosen(frameworkLists(), inputs.frameworks);
  const themes = concerning(controlCatalogue(), lists);
  const controls = assessControls(themes, facts);
  const report: ControlsReport = {
    format: 'holdfast-controls/1',
    madeAt: now.toISOString(),
    ...(environment && { environment: environment.name }),
    inputs: {
      infrastructure: inputs.infrastructure,
      resources: facts.graph.resources.length,
      rules: rules.length,
      ...(agent && { agent: agent.file }),
      evidence: inputs.evidence.map(({ path }) => path),
      ...(inputs.attestations && { attestations: inputs.attestations.file }),
    },
    themes: themes.map(({ id, title }) => ({ id, title })),
    controls,
    frameworks: assessFrameworks(lists, controls),
    problems: problemsOf(facts),
  };
  return { report, errors: facts.report.errors };
}

async function gatherFacts(inputs: ControlsInputs): Promise<Facts> {
  const { environment, suppressions, agent, now } = inputs;
  const graph = await load(
    inputs.infrastructure,
    environment ? [environmentResource(environment.name, environment.content)] : [],
  );
  const report = judgeGraph(graph, {
    rules,
    suppressions,
    now,
    ...(environment && { environment: environment.name }),
  });
  const records = await readRecords(inputs.evidence, agent);
  return {
    graph,
    report,
    attestations: inputs.attestations?.read ?? noAttestations,
    procedures: procedures(),
    now,
    ...(agent && { agent: agent.configuration }),
    ...(records && { records }),
  };
}

function problemsOf({ attestations, records = [], report }: Facts): ControlsReport['problems'] {
  return [
    ...attestations.problems,
    ...records.flatMap((one) => one.problems.map(({ where, what }) => ({ where, what }))),
    ...report.suppressionProblems.map(({ entry, kind, what }) => ({
      where: `suppression ${entry}`,
      what: `${kind}: ${what}`,
    })),
  ];
}

function chosen(
  lists: readonly FrameworkList[],
  wanted: readonly string[] | undefined,
): readonly FrameworkList[] {
  return wanted === undefined ? lists : lists.filter(({ id }) => wanted.includes(id));
}

/** Controls that help to meet one of these frameworks. */
function concerning(themes: readonly Theme[], lists: readonly FrameworkList[]): Theme[] {
  const ids = new Set(lists.map(({ id }) => id));
  return themes.flatMap((theme) => {
    const controls = theme.controls
      .filter(({ frameworks }) => Object.keys(frameworks).some((id) => ids.has(id)))
      .map((control) => ({
        ...control,
        frameworks: Object.fromEntries(
          Object.entries(control.frameworks).filter(([id]) => ids.has(id)),
        ),
      }));
    return controls.length > 0 ? [{ ...theme, controls }] : [];
  });
}
