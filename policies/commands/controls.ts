import { readFile, writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { configuration } from '../../contracts/configuration.ts';
import type { ControlsReport, ControlState } from '../../contracts/controls-report.ts';
import { parseAttestations } from '../controls/attestation-checks.ts';
import { procedures } from '../controls/control-catalogue.ts';
import {
  compileControls,
  type CompiledControls,
  type ControlsInputs,
} from '../controls/controls-report.ts';
import type { EvidencePlace } from '../controls/evidence/read-records.ts';
import { frameworkOrder } from '../controls/framework-lists.ts';
import { compliancePage } from '../controls/page/compliance-page.ts';
import { badStates, renderControls } from '../controls/render-text.ts';
import type { EngineError } from '../engine/report.ts';
import {
  collectEvidence,
  parseTime,
  readContract,
  readEnvironment,
  readSuppressions,
} from './inputs.ts';

interface ControlsOptions {
  readonly environment?: string;
  readonly suppressions?: string;
  readonly agent?: string;
  readonly evidence: readonly EvidencePlace[];
  readonly attestations?: string;
  readonly frameworks?: readonly string[];
  readonly failOn: readonly ControlState[];
  readonly now?: Date;
}

/** What a command says and how it ends: 0 good, 1 a control is in a state that fails, 2 a rule broke. */
export interface ControlsEnd {
  readonly output: string;
  readonly errors: string;
  readonly code: 0 | 1 | 2;
}

type Done = (end: ControlsEnd) => void;

/** `policies controls` and `policies report`: one judgement, on the terminal and as a page. */
export function controlsCommands(program: Command, clock: () => Date, done: Done): void {
  withInputs(program.command('controls'))
    .description('judge every control by rules, signed evidence, settings and attestations')
    .addOption(new Option('--format <format>').choices(['text', 'json']).default('text'))
    .addHelpText('after', examples)
    .action(async (path: string, options: ControlsOptions & { format: 'text' | 'json' }) => {
      const compiled = await compile(path, options, clock);
      const { report } = compiled;
      done(
        end(options.format === 'json' ? json(report) : renderControls(report), compiled, options),
      );
    });
  withInputs(program.command('report'))
    .description('write the compliance page: one HTML file in English and Chinese')
    .option('--out <file>', 'where the page goes; standard output without it')
    .option('--json <file>', 'write the same as JSON, for `holdfast evidence bundle --compliance`')
    .addHelpText('after', examples)
    .action(async (path: string, options: ControlsOptions & { out?: string; json?: string }) => {
      const compiled = await compile(path, options, clock);
      const page = compliancePage(compiled.report);
      if (options.json !== undefined) await writeFile(options.json, json(compiled.report));
      if (options.out !== undefined) await writeFile(options.out, page);
      done(end(options.out === undefined ? page : '', compiled, options));
    });
}

const examples = `
Examples:
  policies controls --environment stacks/environments/production.yaml \\
    --suppressions policies/suppressions.yaml --agent holdfast.yaml \\
    --evidence bundle.zip --attestations attestations.yaml
  policies report --agent holdfast.yaml --evidence primary=/var/lib/holdfast/repository \\
    --attestations attestations.yaml --out compliance.html --json compliance.json
  policies controls --frameworks gdpr,pipl --fail-on not,overdue

Exit codes: 0 every control is met, attested or absent; 1 one is in a state of --fail-on; 2 failure.`;

function withInputs(command: Command): Command {
  return command
    .argument('[path]', 'what the stacks synthesized to', 'cdktf.out')
    .option('--environment <file>', 'the environment file the stacks were made from')
    .option('--suppressions <file>', 'accepted findings, such as policies/suppressions.yaml')
    .option('--agent <file>', "the agent's configuration: jobs, objectives, pinned keys")
    .option(
      '--evidence <place>',
      'a bundle of `holdfast evidence bundle`, or [name=]repository; may be given again',
      collectEvidence,
      [],
    )
    .option('--attestations <file>', 'what people vouch for; see docs/procedures/')
    .option('--frameworks <ids>', `only these: ${frameworkOrder.join(', ')}`, parseFrameworks)
    .option('--fail-on <states>', 'states that fail the run, or `none`', parseStates, badStates)
    .option('--now <time>', 'judge as of this time', parseTime);
}

function parseFrameworks(text: string): string[] {
  const ids = text.split(',');
  const unknown = ids.filter((id) => !(frameworkOrder as readonly string[]).includes(id));
  if (unknown.length > 0) throw new InvalidArgumentError(`there is no ${unknown.join(', ')}`);
  return ids;
}

function parseStates(text: string): ControlState[] {
  if (text === 'none') return [];
  return text.split(',').map((word) => {
    const state = badStates.find((one) => one === word);
    if (!state) throw new InvalidArgumentError(`must be some of ${badStates.join(', ')}, or none`);
    return state;
  });
}

async function compile(
  infrastructure: string,
  options: ControlsOptions,
  clock: () => Date,
): Promise<CompiledControls> {
  const { environment, agent, attestations, evidence, frameworks } = options;
  const inputs: ControlsInputs = {
    infrastructure,
    evidence,
    now: options.now ?? clock(),
    suppressions: await readSuppressions(options.suppressions),
    ...(environment !== undefined && { environment: await readEnvironment(environment) }),
    ...(agent !== undefined && {
      agent: { file: agent, configuration: await readContract(agent, configuration) },
    }),
    ...(attestations !== undefined && {
      attestations: {
        file: attestations,
        read: parseAttestations(await readFile(attestations, 'utf8'), procedures()),
      },
    }),
    ...(frameworks && { frameworks }),
  };
  return compileControls(inputs);
}

function end(
  output: string,
  { report, errors }: CompiledControls,
  { failOn }: ControlsOptions,
): ControlsEnd {
  const failed = report.controls.some(({ state }) => failOn.includes(state));
  return {
    output,
    errors: errors.map(describe).join(''),
    code: errors.length > 0 ? 2 : failed ? 1 : 0,
  };
}

function describe({ rule, message }: EngineError): string {
  return `error: rule ${rule} broke: ${message}\n`;
}

function json(report: ControlsReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
