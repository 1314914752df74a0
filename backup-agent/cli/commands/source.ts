import { prepareSource } from '../../operations/prepare-source.ts';
import { forgetSource } from '../../sources/postgres/changes/job-slots.ts';
import { preparationScript } from '../../sources/postgres/prepare/preparation.ts';
import type { CommandModule } from '../command.ts';
import { withAgent } from '../with-agent.ts';

export const sourceCommand: CommandModule = {
  define(program, run) {
    const source = program.command('source').description('prepare a database server for its job');
    source
      .command('prepare')
      .description('print the role, publications and parameters that a job needs, as SQL')
      .argument('<job>', 'job of the configuration')
      .requiredOption('--admin <url>', 'connection URL of an administrator')
      .option('--apply', 'run the SQL instead of only printing it')
      .addHelpText(
        'after',
        `
Run it again as a step of each migration: it enrols the tables that are new.

Examples:
  holdfast source prepare crm-database --admin postgres://postgres@db/crm
  holdfast source prepare crm-database --admin postgres://postgres@db/crm --apply`,
      )
      .action((job: string, options: { admin: string; apply?: boolean }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const { admin, apply = false } = options;
            const steps = await prepareSource(agent, { job, admin, apply });
            context.output.result(steps, preparationScript(steps).trimEnd());
          }),
        ),
      );
    source
      .command('forget')
      .description("drop a job's replication slots, so that the server keeps no log for it")
      .argument('<job>', 'job of the configuration')
      .option('--publications', 'drop its publications too')
      .addHelpText(
        'after',
        `
The backups stay; the next one is a full. Do this before a job is taken out of the configuration.

Example:
  holdfast source forget crm-database --publications`,
      )
      .action((job: string, options: { publications?: boolean }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const setup = await agent.postgresSetup(job);
            const { publications = false } = options;
            const forgotten = await forgetSource(setup, agent.signal, { publications });
            const dropped = [...forgotten.slots, ...forgotten.publications];
            context.output.result(
              forgotten,
              dropped.length === 0 ? 'there was nothing to drop' : `dropped ${dropped.join(', ')}`,
            );
          }),
        ),
      );
  },
};
