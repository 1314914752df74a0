import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Agent } from '../../operations/agent.ts';
import type { DrillRequest } from '../../operations/drill-choice.ts';
import { runDrill, type DrillOutcome } from '../../operations/drill.ts';
import { selfTest, type SelfTestOutcome } from '../../operations/self-test.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandContext, CommandModule } from '../command.ts';
import { renderEvidence, renderFindings } from '../render/evidence.ts';
import { runSteps } from '../render/steps.ts';
import type { Output } from '../render/output.ts';
import { renderTable } from '../render/table.ts';
import { withAgent } from '../with-agent.ts';

interface DrillOptions {
  readonly backup: string;
  readonly from?: string;
  readonly at?: string;
  readonly identity?: string;
  readonly selfTest?: boolean;
}

export const drillCommand: CommandModule = {
  define(program, run) {
    program
      .command('drill')
      .description('rehearse a restore in a sandbox, compare its content, and sign the evidence')
      .argument('<job>', 'a job that has a `drill` in the configuration')
      .option('-b, --backup <which>', 'latest, oldest, random, or a backup id', 'latest')
      .option('--from <repository>', "another repository than the job's own; alternate: in turn")
      .option('--at <time>', 'up to this moment of the chain, with its zone, or random')
      .option('-i, --identity <file>', 'the recovery identity; default: keys.identity')
      .option('--self-test', 'break copies of the backup, and see the drill catch every break')
      .addHelpText(
        'after',
        `
Ends with ${exitCodes.drillFailed} when the backup does not restore as promised, or an objective is missed.

Examples:
  holdfast drill crm-database --identity recovery.age-identity
  holdfast drill crm-database --from alternate --backup random --at random --json
  holdfast drill crm-database --at 2026-11-22T16:05:00Z
  holdfast drill crm-database --self-test`,
      )
      .action((job: string, options: DrillOptions) =>
        run((context) =>
          withAgent(
            context,
            (agent) => {
              const request = toRequest(job, options);
              return options.selfTest
                ? runSelfTest(agent, request, context)
                : rehearse(agent, request, context);
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};

async function rehearse(
  agent: Agent,
  request: DrillRequest,
  { output }: CommandContext,
): Promise<number> {
  const outcomes: DrillOutcome[] = [];
  const run = async (progress: Progress) => {
    outcomes.push(await runDrill(agent, request, { progress }));
  };
  await runSteps([{ title: `Drill ${request.job}`, run }], output);
  for (const outcome of outcomes) {
    output.result(outcome, renderDrill(outcome, output));
    output.info(`evidence: ${outcome.recorded.file}`);
  }
  const passed = outcomes.every(({ evidence }) => evidence.outcome === 'passed');
  return passed ? exitCodes.ok : exitCodes.drillFailed;
}

async function runSelfTest(
  agent: Agent,
  request: DrillRequest,
  { output }: CommandContext,
): Promise<number> {
  if (request.at !== undefined)
    throw new HoldfastError('usage-invalid', '--self-test and --at exclude each other');
  const outcomes: SelfTestOutcome[] = [];
  const run = async (progress: Progress) => {
    outcomes.push(await selfTest(agent, request, { progress }));
  };
  await runSteps([{ title: `Self-test of the drill of ${request.job}`, run }], output);
  for (const outcome of outcomes) output.result(outcome, renderSelfTest(outcome, output));
  const trustworthy = outcomes.every((outcome) => outcome.trustworthy);
  return trustworthy ? exitCodes.ok : exitCodes.drillFailed;
}

function renderSelfTest({ backup, results, trustworthy }: SelfTestOutcome, output: Output): string {
  const table = renderTable(
    results,
    [
      { title: 'BROKEN', value: ({ broken }) => broken },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'TOLD BY', value: ({ by }) => by.join(', ') },
    ],
    output.columns,
  );
  const verdict = trustworthy
    ? 'the drill caught every break that could be made'
    : 'THE DRILL CANNOT BE TRUSTED: it missed a break, or failed a sound copy';
  return `${table}\n\n${backup}: ${verdict}`;
}

function toRequest(job: string, { backup, from, at }: DrillOptions): DrillRequest {
  const moment = at === undefined ? undefined : readMoment(at);
  return {
    job,
    backup,
    ...(from === undefined ? {} : { from }),
    ...(moment === undefined ? {} : { at: moment }),
  };
}

function readMoment(at: string): Date | 'random' {
  if (at === 'random') return at;
  const time = new Date(at);
  if (!Number.isNaN(time.getTime()) && /(Z|[+-]\d\d:?\d\d)$/.test(at)) return time;
  throw new HoldfastError(
    'usage-invalid',
    `--at ${at} is neither random nor a time with its zone`,
    {
      hint: 'write it as 2026-11-22T21:05:00+08:00 or 2026-11-22T13:05:00Z',
    },
  );
}

/** The evidence, then what failed or stays unproven, by name. */
export function renderDrill({ evidence, reports }: DrillOutcome, output: Output): string {
  const findings = renderFindings(reports.flatMap((report) => report.findings));
  return [renderEvidence(evidence, output), ...(findings === '' ? [] : ['', findings])].join('\n');
}
