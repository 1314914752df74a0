import { exitCodes } from '../../errors/exit-codes.ts';
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
  holdfast copy crm --to offsite    only there

Ends with 6 when damage kept backups from a copy: the sound ones are copied, the others named.`,
      )
      .action((name: string, options: { to?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const outcomes: CopyOutcome[] = [];
            const steps = jobsToRun(agent, name).flatMap((job) =>
              (options.to ? [options.to] : agent.job(job).copies).map((target) => ({
                title: `Copy ${job} to ${target}`,
                run: async (progress: Parameters<typeof copyBackups>[3]['progress']) => {
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
            for (const outcome of outcomes)
              for (const { where, what } of outcome.uncopied)
                context.output.warn(`not copied to ${outcome.target}: ${where}: ${what}`);
            return outcomes.some(({ uncopied }) => uncopied.length > 0)
              ? exitCodes.integrity
              : exitCodes.ok;
          }),
        ),
      );
  },
};

export function summariseCopy({
  copied,
  alreadyThere,
  uncopied,
  bytes,
  lagMs,
}: CopyOutcome): string {
  const lag =
    lagMs.after === undefined ? '' : `, ${formatDuration(lagMs.after)} behind the newest backup`;
  const lost = uncopied.length === 0 ? '' : `; ${uncopied.length} DAMAGED and not copied`;
  return `${copied.length} backups copied, ${formatBytes(bytes)}; ${alreadyThere} were there${lag}${lost}`;
}
