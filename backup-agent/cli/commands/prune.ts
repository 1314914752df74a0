import { Option } from 'commander';
import { jobsToRun } from '../../operations/groups.ts';
import { pruneBackups, type PruneOutcome } from '../../operations/prune.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandModule } from '../command.ts';
import { renderPrune, summarisePrune } from '../render/prune.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

export const pruneCommand: CommandModule = {
  define(program, run) {
    program
      .command('prune')
      .description('show what retention keeps and why; with --confirm delete the rest')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option('--confirm', 'delete; without it nothing is changed')
      .addOption(
        new Option('--dry-run', 'change nothing, as without --confirm').conflicts('confirm'),
      )
      .option('--wait', 'wait for another run of the job to end')
      .addHelpText(
        'after',
        `
Counting rules give their places to backups that a drill or a deep verification passed; keep-within
protects all. Deletes the newest first, then what killed runs left behind a day ago or earlier.
Refused when this host's clock and the storage's (for a folder, its file system's) are 5 minutes apart.

Examples:
  holdfast prune crm-database                    what would go, and why the rest stays
  holdfast prune crm --confirm                   delete it
  holdfast prune crm --from offsite --confirm    in the copy, by the same rules`,
      )
      .action((name: string, options: { from?: string; confirm?: boolean; wait?: boolean }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const outcomes: PruneOutcome[] = [];
            const confirm = options.confirm ?? false;
            const steps = jobsToRun(agent, name).map((job) => ({
              title: confirm ? `Prune ${job}` : `Plan to prune ${job}`,
              run: async (progress: Progress) => {
                const where = options.from === undefined ? {} : { repository: options.from };
                const outcome = await pruneBackups(
                  agent,
                  { job, confirm, wait: options.wait ?? false, ...where },
                  { progress },
                );
                outcomes.push(outcome);
                return summarisePrune(outcome);
              },
            }));
            await runSteps(steps, context.output);
            const text = outcomes.map((outcome) => renderPrune(outcome, context.output));
            context.output.result(outcomes, text.join('\n\n'));
          }),
        ),
      );
  },
};
