import type { Command } from 'commander';
import { holdBackup, releaseBackup, type HoldOutcome } from '../../operations/hold.ts';
import type { CommandModule, Runner } from '../command.ts';
import { withAgent } from '../with-agent.ts';

interface Options {
  readonly reason: string;
  readonly from?: string;
}

export const holdCommand: CommandModule = {
  define(program, run) {
    defineChange(program, run, {
      name: 'hold',
      description: 'keep a backup, and what it hangs on, from ever being pruned',
      act: holdBackup,
    });
  },
};

export const releaseCommand: CommandModule = {
  define(program, run) {
    defineChange(program, run, {
      name: 'release',
      description: 'lift a hold from a backup',
      act: releaseBackup,
    });
  },
};

interface Change {
  readonly name: 'hold' | 'release';
  readonly description: string;
  readonly act: typeof holdBackup;
}

function defineChange(program: Command, run: Runner, { name, description, act }: Change): void {
  program
    .command(name)
    .description(description)
    .argument('<job>', 'job of the configuration')
    .argument('<backup>', 'backup id')
    .requiredOption('--reason <text>', 'for the commit log')
    .option('--from <repository>', "only there, not in the job's repository and all its copies")
    .addHelpText(
      'after',
      `
Needs the curator key. Sets or lifts legal holds where the storage has them.

Example:
  holdfast ${name} crm-database 20261122T210500Z-7f3a91 --reason 'case 17'`,
    )
    .action((job: string, backup: string, { reason, from }: Options) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const where = from === undefined ? {} : { repository: from };
          const outcomes = await act(agent, { job, backup, reason, ...where });
          context.output.result(outcomes, outcomes.map(renderOutcome).join('\n'));
        }),
      ),
    );
}

function renderOutcome({ repository, backup, held, changed, objectsOf }: HoldOutcome): string {
  const state = changed
    ? `is ${held ? 'held' : 'released'}`
    : `was ${held ? 'held' : 'not held'} already`;
  return `${repository}: ${backup} ${state}; its chain: ${objectsOf.join(', ') || 'needed by other holds'}`;
}
