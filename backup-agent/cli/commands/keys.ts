import { exitCodes } from '../../errors/exit-codes.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { keysStatus, type KeysStatus } from '../../operations/keys-status.ts';
import type { CommandModule } from '../command.ts';
import { renderKeysStatus } from '../render/keys.ts';
import { withAgent } from '../with-agent.ts';

interface Options {
  readonly from?: string;
  readonly identity?: string;
}

export const keysCommand: CommandModule = {
  define(program, run) {
    const keys = program.command('keys').description('what keys open and sign');
    keys
      .command('status')
      .description('say which identity opens which backups')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option('--identity <file>', 'recovery identity, in place of keys.identity')
      .addHelpText(
        'after',
        `
Reads manifests only, so it needs no identity; with one it names the backups that it does not open,
and ends with ${exitCodes.attention} when there are any.

Example:
  holdfast keys status crm --identity recovery.age-identity`,
      )
      .action((name: string, options: Options) =>
        run((context) =>
          withAgent(
            context,
            async (agent) => {
              const reports: KeysStatus[] = [];
              for (const job of jobsToRun(agent, name))
                reports.push(await keysStatus(agent, job, options.from));
              context.output.result(reports, reports.map(renderKeysStatus).join('\n\n'));
              const all = reports.every(({ identity }) => identity.unopened.length === 0);
              return all ? exitCodes.ok : exitCodes.attention;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};
