import { exitCodes } from '../../errors/exit-codes.ts';
import { recallHistoryDespiteDamage } from '../../operations/history.ts';
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
  holdfast list crm --from offsite --json

Ends with 6 when a manifest is damaged: the others are listed, that one is named.`,
      )
      .action((name: string, options: { from?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const listings = [];
            for (const job of jobsToRun(agent, name)) {
              const repository = await agent.openRepository(
                options.from ?? agent.job(job).repository,
              );
              const found = await recallHistoryDespiteDamage(agent, repository, job);
              const damaged = found.unreadable.map(({ id }) => id);
              listings.push({
                job,
                repository: repository.name,
                backups: found.backups,
                ...(damaged.length > 0 ? { damaged } : {}),
              });
            }
            const text = listings.map(({ job, repository, backups, damaged }) => {
              const none = damaged ? 'no readable backups' : 'no backups yet';
              return `${job} in ${repository}\n${backups.length === 0 ? none : renderBackups(backups, context.output)}`;
            });
            context.output.result(listings, text.join('\n\n'));
            return listings.some(({ damaged }) => damaged) ? exitCodes.integrity : exitCodes.ok;
          }),
        ),
      );
  },
};
