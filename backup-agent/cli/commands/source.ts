import { Option, type Command } from 'commander';
import { prepareSource } from '../../operations/prepare-source.ts';
import { resumeSource, retireSource } from '../../operations/retire-source.ts';
import { forgetSource } from '../../sources/postgres/changes/job-slots.ts';
import { preparationScript } from '../../sources/postgres/prepare/preparation.ts';
import type { CommandModule, Runner } from '../command.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { runSteps } from '../render/steps.ts';
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
      .addOption(new Option('--print', 'only print the SQL, as without --apply').conflicts('apply'))
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
    defineRetire(source, run);
    defineResume(source, run);
  },
};

function defineRetire(source: Command, run: Runner): void {
  source
    .command('retire')
    .description('take a last incremental and drop the slots, before a server is upgraded or moved')
    .argument('<job>', 'job of the configuration')
    .addHelpText(
      'after',
      `
Until the source is resumed, backups of the job end with source-retired and make no slot.

Example:
  holdfast source retire crm-database`,
    )
    .action((job: string) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const retired: Awaited<ReturnType<typeof retireSource>>[] = [];
          const step = {
            title: `Retire the source of ${job}`,
            run: async (progress: Parameters<typeof retireSource>[2]['progress']) => {
              retired.push(await retireSource(agent, job, { progress }));
            },
          };
          await runSteps([step], context.output);
          for (const result of retired) {
            const { backups, slots } = result;
            const stored = backups.at(-1);
            const lines = [
              stored === undefined
                ? 'it was retired before'
                : `everything up to now is stored in ${stored}`,
              slots.length === 0 ? 'there was no slot to drop' : `dropped ${slots.join(', ')}`,
            ];
            context.output.result(result, lines.join('\n'));
          }
        }),
      ),
    );
}

function defineResume(source: Command, run: Runner): void {
  source
    .command('resume')
    .description('put a retired source back into service, with the full of its new chain')
    .argument('<job>', 'job of the configuration')
    .addHelpText(
      'after',
      `
Examples:
  holdfast source prepare crm-database --admin postgres://postgres@db/crm --apply
  holdfast source resume crm-database`,
    )
    .action((job: string) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const resumed: Awaited<ReturnType<typeof resumeSource>>[] = [];
          const step = {
            title: `Resume the source of ${job}`,
            run: async (progress: Parameters<typeof resumeSource>[2]['progress']) => {
              resumed.push(await resumeSource(agent, job, { progress }));
            },
          };
          await runSteps([step], context.output);
          for (const result of resumed) {
            const { backups, problems } = result;
            const lines = [
              `a new chain begins with ${backups[0] ?? 'no backup'}`,
              ...problems.map(({ where, what }) => `${where}: ${what}`),
            ];
            context.output.result(result, lines.join('\n'));
          }
          const partial = resumed.some(({ problems }) => problems.length > 0);
          return partial ? exitCodes.partial : exitCodes.ok;
        }),
      ),
    );
}
