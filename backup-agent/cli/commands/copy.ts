import { HoldfastError } from '../../errors/holdfast-error.ts';
import { copyBackups, type CopyOutcome } from '../../operations/copy.ts';
import { jobsToRun } from '../../operations/groups.ts';
import type { CommandModule } from '../command.ts';
import { formatBytes, formatDuration } from '../render/format.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

export const copyCommand: CommandModule = {
  define(program, run) {
    program
      .command('copy')
      .description('copy what is missing to the off-site repositories; needs no identity')
      .argument('<job>', 'job or group of the configuration')
      .option('--to <repository>', 'only to this repository')
      .addHelpText(
        'after',
        `
Examples:
  holdfast copy crm                 all jobs of the group, to every repository under \`copies\`
  holdfast copy crm --to offsite    only there`,
      )
      .action((name: string, options: { to?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const outcomes: CopyOutcome[] = [];
            const steps = jobsToRun(agent, name).flatMap((job) =>
              (options.to ? [options.to] : agent.job(job).copies).map((target) => ({
                title: `Copy ${job} to ${target}`,
                run: async (progress: Parameters<typeof copyBackups>[3]['progress']) => {
                  await agent.signingKey('writer');
                  const outcome = await copyBackups(agent, job, target, { progress });
                  outcomes.push(outcome);
                  return summariseCopy(outcome);
                },
              })),
            );
            if (steps.length === 0)
              throw new HoldfastError(
                'usage-invalid',
                `${name} has no \`copies\` in the configuration`,
                {
                  hint: 'list repositories under its `copies`, or name one with --to',
                },
              );
            await runSteps(steps, context.output);
            context.output.result(outcomes, '');
          }),
        ),
      );
  },
};

export function summariseCopy({ copied, alreadyThere, bytes, lagMs }: CopyOutcome): string {
  const lag =
    lagMs.after === undefined ? '' : `, ${formatDuration(lagMs.after)} behind the newest backup`;
  return `${copied.length} backups copied, ${formatBytes(bytes)}; ${alreadyThere} were there${lag}`;
}
