import { exitCodes } from '../../errors/exit-codes.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { readLog, verifyLogs, type LogReport } from '../../operations/log.ts';
import type { CommandModule } from '../command.ts';
import { renderLog, renderLogReport } from '../render/log.ts';
import { withAgent } from '../with-agent.ts';

export const logCommand: CommandModule = {
  define(program, run) {
    const log = program
      .command('log')
      .description('the history of a job: who did what, and when')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .addHelpText('after', '\nExamples:\n  holdfast log crm-database\n  holdfast log verify crm')
      .action((name: string, options: { from?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const logs = [];
            for (const job of jobsToRun(agent, name))
              logs.push({ job, ...(await readLog(agent, job, options.from)) });
            const text = logs.map(
              ({ job, repository, log }) =>
                `${job} in ${repository}\n${renderLog(log, context.output)}`,
            );
            context.output.result(logs, text.join('\n\n'));
          }),
        ),
      );
    log
      .command('verify')
      .description("find gaps, forks and rollbacks, in every one of a job's repositories")
      .argument('<job>', 'job or group of the configuration')
      .addHelpText(
        'after',
        `
Compares each log with what this host has seen of it, and the copies with the job's own repository.
Ends with ${exitCodes.integrity} when anything differs.

Example:
  holdfast log verify crm`,
      )
      .action((name: string) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const reports: LogReport[] = [];
            for (const job of jobsToRun(agent, name)) reports.push(await verifyLogs(agent, job));
            const text = reports.map((report) => renderLogReport(report, context.output));
            context.output.result(reports, text.join('\n\n'));
            const agree = reports.every(({ findings }) => findings.length === 0);
            return agree ? exitCodes.ok : exitCodes.integrity;
          }),
        ),
      );
  },
};
