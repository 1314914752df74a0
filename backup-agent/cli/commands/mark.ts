import { formatLsn } from '../../sources/postgres/changes/lsn.ts';
import { mark } from '../../sources/postgres/changes/mark.ts';
import { connect } from '../../sources/postgres/connection.ts';
import type { CommandModule } from '../command.ts';
import { withAgent } from '../with-agent.ts';

export const markCommand: CommandModule = {
  define(program, run) {
    program
      .command('mark')
      .description('name this moment of a database, to restore to it later')
      .argument('<job>', 'job of the configuration')
      .argument('<name>', 'the marker')
      .addHelpText(
        'after',
        `
Restorable once the next incremental is taken. PostgreSQL 14 and later.

Examples:
  holdfast mark crm-database before-migration-42
  holdfast restore crm-database --mark before-migration-42 --to postgres://postgres@db/crm_before`,
      )
      .action((job: string, name: string) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const { target } = await agent.postgresSetup(job);
            await using session = await connect(target, { signal: agent.signal });
            const lsn = formatLsn(await mark(session.client, name));
            context.output.result({ job, name, lsn }, `marked ${name} at LSN ${lsn}`);
          }),
        ),
      );
  },
};
