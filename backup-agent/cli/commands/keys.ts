import { exitCodes } from '../../errors/exit-codes.ts';
import { drillEscrow, type EscrowDrillReport } from '../../operations/escrow-drill.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { keysStatus, type KeysStatus } from '../../operations/keys-status.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandModule } from '../command.ts';
import { renderEscrowDrill, renderKeysStatus } from '../render/keys.ts';
import { runSteps } from '../render/steps.ts';
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
              const texts = reports.map((report) => renderKeysStatus(report, context.output));
              context.output.result(reports, texts.join('\n\n'));
              const all = reports.every(({ identity }) => identity.unopened.length === 0);
              return all ? exitCodes.ok : exitCodes.attention;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
    keys
      .command('escrow-drill')
      .description('prove that an identity from escrow opens the newest backup, and record it')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option('--identity <file>', 'the identity from escrow, in place of keys.identity')
      .addHelpText(
        'after',
        `
Reads the newest backup and all that it hangs on to the end with that identity alone. Run it where
the escrow is kept, on a host that can read the repository: the identity never leaves that place.
Ends with ${exitCodes.integrity} when something is damaged, with ${exitCodes.key} when the identity is not one that the backups were made
for. The proof is recorded in the commit log where the host has a drill key.

Example:
  holdfast keys escrow-drill crm --from offsite --identity /media/safe/escrow.age-identity`,
      )
      .action((name: string, options: Options) =>
        run((context) =>
          withAgent(
            context,
            async (agent) => {
              const reports: EscrowDrillReport[] = [];
              const request = options.from === undefined ? {} : { repository: options.from };
              const steps = jobsToRun(agent, name).map((job) => ({
                title: `Open ${job} with the identity from escrow`,
                run: async (progress: Progress) => {
                  reports.push(await drillEscrow(agent, { job, ...request }, { progress }));
                },
              }));
              await runSteps(steps, context.output);
              const text = reports.map((report) => renderEscrowDrill(report, context.output));
              context.output.result(reports, text.join('\n\n'));
              const damaged = reports.some(({ damage }) => damage.length > 0);
              return damaged ? exitCodes.integrity : exitCodes.ok;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};
