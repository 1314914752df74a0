import { Argument, Option } from 'commander';
import { exitCodes } from '../../errors/exit-codes.ts';
import { runJob, runKinds, type JobRunResult, type RunKind } from '../../operations/run-job.ts';
import { rememberRun } from '../../operations/status.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandModule } from '../command.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

export const runCommand: CommandModule = {
  define(program, run) {
    program
      .command('run')
      .description('do one run of a job as its schedule would, and end: for cron, timers, tasks')
      .addArgument(new Argument('<job>', 'job of the configuration'))
      .addOption(
        new Option('-k, --kind <kind>', 'what to run').choices(runKinds).makeOptionMandatory(),
      )
      .addHelpText(
        'after',
        `
Copies go to every repository under \`copies\`, verifications and prunes look at all of them, drills
alternate between them. Ends with ${exitCodes.busy} when another agent is at work on the job.

Examples:
  holdfast run crm-database --kind incremental
  holdfast run crm-database --kind drill --json`,
      )
      .action((job: string, { kind }: { kind: RunKind }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const results: JobRunResult[] = [];
            const step = {
              title: `Run ${kind} of ${job}`,
              run: async (progress: Progress) => {
                const startedAt = agent.now();
                const result = await runJob(agent, { job, kind }, { progress });
                await rememberRun(agent, { job, kind }, startedAt);
                results.push(result);
                return result.summary;
              },
            };
            await runSteps([step], context.output);
            for (const result of results) {
              context.output.result(result, result.summary);
              if (result.outcome !== 'good') return exitCodeOf(result);
            }
            return exitCodes.ok;
          }),
        ),
      );
  },
};

function exitCodeOf({ kind, outcome }: JobRunResult): number {
  if (outcome === 'partial') return exitCodes.partial;
  return kind === 'drill' ? exitCodes.drillFailed : exitCodes.integrity;
}
