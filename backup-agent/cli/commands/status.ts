import { jobsToRun } from '../../operations/groups.ts';
import { objectiveStates } from '../../operations/objectives.ts';
import { readStatus } from '../../operations/status.ts';
import type { CommandModule } from '../command.ts';
import { renderStatus } from '../render/status.ts';
import { withAgent } from '../with-agent.ts';

export const statusCommand: CommandModule = {
  define(program, run) {
    program
      .command('status')
      .description('show whether each job meets its objectives, and how that is known')
      .argument('[job]', 'job or group of the configuration; all jobs without it')
      .option('--check', 'end with 0 when all are met, 1 when one is at risk, 2 when breached')
      .addHelpText(
        'after',
        `
The RPO goes by the newest restorable point off-site, RTO and drill interval by the newest drill's
signed evidence. An objective is at risk from 80 % of its target on.

Examples:
  holdfast status
  holdfast status crm --check --quiet    for a monitor
  holdfast status --json`,
      )
      .action((name: string | undefined, options: { check?: boolean }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const all = Object.keys(agent.configuration.jobs);
            const status = await readStatus(
              agent,
              name === undefined ? all : jobsToRun(agent, name),
            );
            context.output.result(status, renderStatus(status, context.output));
            return options.check ? objectiveStates.indexOf(status.state) : 0;
          }),
        ),
      );
  },
};
