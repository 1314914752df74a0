import { exitCodes } from '../../errors/exit-codes.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { repairBackups, type RepairOutcome } from '../../operations/repair.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandModule } from '../command.ts';
import type { Output } from '../render/output.ts';
import { runSteps } from '../render/steps.ts';
import { renderVerification } from '../render/verification.ts';
import { parseSample } from '../sample.ts';
import type { Sample } from '../../repository/sample.ts';
import { withAgent } from '../with-agent.ts';

interface Options {
  readonly from?: string;
  readonly into?: string;
  readonly read?: Sample;
}

export const repairCommand: CommandModule = {
  define(program, run) {
    program
      .command('repair')
      .description('fetch good copies of damaged objects, and lift what was laid over good ones')
      .argument('<job>', 'job or group of the configuration')
      .option(
        '--from <repository>',
        'where good copies are; left out, only versions of a bucket help',
      )
      .option('--into <repository>', "the repository to mend, when it is not the job's own")
      .option('--read <part>', 'search only so much for damage: 5%, 10GiB or 1/7', parseSample)
      .addHelpText(
        'after',
        `
Every byte is held against the digest that the signed log vouches for before it replaces anything.
Ends with ${exitCodes.integrity} when something could not be mended.

Examples:
  holdfast repair crm                      take off what was laid over good versions in a bucket
  holdfast repair crm --from offsite
  holdfast repair crm --from primary --into offsite`,
      )
      .action((name: string, options: Options) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const outcomes: RepairOutcome[] = [];
            const steps = jobsToRun(agent, name).map((job) => ({
              title: `Repair ${job}`,
              run: async (progress: Progress) => {
                const outcome = await repairBackups(
                  agent,
                  { job, ...requestOf(options) },
                  { progress },
                );
                outcomes.push(outcome);
                const { repaired, unrepaired, after } = outcome;
                return {
                  summary: `${repaired.length} mended, ${unrepaired.length} not`,
                  bad: after.damage.length > 0,
                };
              },
            }));
            await runSteps(steps, context.output);
            const text = outcomes.map((outcome) => renderRepair(outcome, context.output));
            context.output.result(outcomes, text.join('\n\n'));
            const whole = outcomes.every(({ after }) => after.damage.length === 0);
            return whole ? exitCodes.ok : exitCodes.integrity;
          }),
        ),
      );
  },
};

function requestOf({ from, into, read }: Options) {
  return {
    ...(from === undefined ? {} : { from }),
    ...(into === undefined ? {} : { repository: into }),
    ...(read === undefined ? {} : { read }),
  };
}

function renderRepair({ repaired, unrepaired, after }: RepairOutcome, output: Output): string {
  return [
    ...repaired.map(({ key, how }) => `${output.style('green', how)}: ${key}`),
    ...unrepaired.map(({ key, why }) => `${output.style('red', 'not mended')}: ${key}: ${why}`),
    renderVerification(after, output),
  ].join('\n');
}
