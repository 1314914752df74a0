import { exitCodes } from '../../errors/exit-codes.ts';
import { openAwsBackup } from '../../operations/aws-backup.ts';
import { validateRestore } from '../../operations/validate-restore.ts';
import type { CommandModule } from '../command.ts';
import { renderFindings } from '../render/evidence.ts';
import { withAgent } from '../with-agent.ts';

interface Options {
  readonly restoreJob: string;
  readonly host?: string;
}

export const awsCommand: CommandModule = {
  define(program, run) {
    program
      .command('aws')
      .description('work with the services of AWS that stand beside the agent')
      .command('validate-restore')
      .description("assert what AWS Backup's restore testing restored, and tell it the result")
      .argument('<job>', 'the job that backs up the same database')
      .requiredOption('--restore-job <id>', 'of AWS Backup; it must have completed')
      .option('--host <name>', "of the restored server, when it does not follow from the job's")
      .addHelpText(
        'after',
        `
Reads every table, and checks constraints, indexes, sequences and the job's probes. What a backup counted
and digested belongs to another moment, and is left out.

Ends with ${exitCodes.drillFailed} when an assertion fails; AWS Backup is told FAILED.

Example:
  holdfast aws validate-restore crm-database --restore-job 8A3F6B2C-0000-1111-2222-333344445555`,
      )
      .action((job: string, { restoreJob, host }: Options) =>
        run((context) =>
          withAgent(context, async (agent) => {
            await using aws = await openAwsBackup(context.signal);
            const request = { job, restoreJob, ...(host === undefined ? {} : { host }) };
            const outcome = await validateRestore(agent, aws, request);
            const { status, message, reports } = outcome;
            context.output.result(outcome, `${status}: ${message}`);
            const findings = renderFindings(reports.flatMap(({ findings: found }) => found));
            if (findings) context.output.info(findings);
            return status === 'SUCCESSFUL' ? exitCodes.ok : exitCodes.drillFailed;
          }),
        ),
      );
  },
};
