import { recallHistory } from '../../operations/history.ts';
import { jobsToRun } from '../../operations/groups.ts';
import type { CommandModule } from '../command.ts';
import { renderBackups } from '../render/backups.ts';
import { withAgent } from '../with-agent.ts';

export const listCommand: CommandModule = {
  define(program, run) {
    program
      .command('list')
      .description('list committed backups; every signature is checked when it is first seen')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .addHelpText(
        'after',
        `
Examples:
  holdfast list crm-database
  holdfast list crm --from offsite --json`,
      )
      .action((name: string, options: { from?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const listings = [];
            for (const job of jobsToRun(agent, name)) {
              const repository = await agent.openRepository(
                options.from ?? agent.job(job).repository,
              );
              const { backups } = await recallHistory(agent, repository, job);
              listings.push({ job, repository: repository.name, backups });
            }
            const text = listings.map(
              ({ job, repository, backups }) =>
                `${job} in ${repository}\n${backups.length === 0 ? 'no backups yet' : renderBackups(backups, context.output)}`,
            );
            context.output.result(listings, text.join('\n\n'));
          }),
        ),
      );
  },
};
