import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { verifyBackups, type VerifyReport } from '../../operations/verify.ts';
import type { Sample } from '../../repository/sample.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandModule } from '../command.ts';
import { renderVerification, summariseVerification } from '../render/verification.ts';
import { runSteps } from '../render/steps.ts';
import { parseSample } from '../sample.ts';
import { withAgent } from '../with-agent.ts';

interface Options {
  readonly from?: string;
  readonly read?: Sample | true;
  readonly deep?: boolean;
  readonly identity?: string;
}

export const verifyCommand: CommandModule = {
  define(program, run) {
    program
      .command('verify')
      .description('check signatures, log, chains and listing; on request contents too')
      .argument('<job>', 'job or group of the configuration')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option(
        '--read [part]',
        'read every object and check its digest, or only so much: 5%, 10GiB, or 1/7 (all in seven days)',
        parseSample,
      )
      .option('--deep', 'decrypt everything with the recovery identity, and record the result')
      .option('--identity <file>', 'recovery identity, in place of keys.identity')
      .addHelpText(
        'after',
        `
Ends with ${exitCodes.integrity} when anything is damaged, missing or forged, and says what still restores.

Examples:
  holdfast verify crm                                      signatures, log, chains, sizes
  holdfast verify crm --read                               every object's bytes too
  holdfast verify crm --from offsite --read 1/7            reads the whole copy within a week
  holdfast verify crm --deep --identity recovery.age       proves that everything decrypts`,
      )
      .action((name: string, options: Options) =>
        run((context) =>
          withAgent(
            context,
            async (agent) => {
              const reports: VerifyReport[] = [];
              const request = requestOf(options);
              const steps = jobsToRun(agent, name).map((job) => ({
                title: `Verify ${job}`,
                run: async (progress: Progress) => {
                  const report = await verifyBackups(agent, { job, ...request }, { progress });
                  reports.push(report);
                  return {
                    summary: summariseVerification(report),
                    bad: report.damage.length > 0,
                  };
                },
              }));
              await runSteps(steps, context.output);
              const text = reports.map((report) => renderVerification(report, context.output));
              context.output.result(reports, text.join('\n\n'));
              if (reports.some(({ damage }) => damage.length > 0)) return exitCodes.integrity;
              const unopened = reports.some((report) => report.unopened.length > 0);
              return unopened ? exitCodes.attention : exitCodes.ok;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};

function requestOf({ from, read, deep }: Options) {
  if (deep && read !== undefined && read !== true)
    throw new HoldfastError('usage-invalid', '--deep reads everything; --read takes no part then');
  return {
    ...(from === undefined ? {} : { repository: from }),
    ...(read === undefined ? {} : { read: read === true ? ({ type: 'all' } as const) : read }),
    deep: deep ?? false,
  };
}
