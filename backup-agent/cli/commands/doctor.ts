import { exitCodes } from '../../errors/exit-codes.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { checkInstallation, checkMachine, type CheckedFinding } from '../../operations/doctor.ts';
import type { CommandContext, CommandModule } from '../command.ts';
import type { Output } from '../render/output.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

export const doctorCommand: CommandModule = {
  define(program, run) {
    program
      .command('doctor')
      .description(
        'tell what is missing on this machine and in this installation, and how to mend it',
      )
      .addHelpText(
        'after',
        `
Changes nothing. Ends with ${exitCodes.attention} when something is wrong; warnings alone end with 0.

Examples:
  holdfast doctor                            this machine, and holdfast.yaml where there is one
  holdfast --config prod.yaml doctor --json`,
      )
      .action(() =>
        run(async (context) => {
          const findings: CheckedFinding[] = [];
          await runSteps(
            [
              {
                title: 'Look at this machine',
                run: async () => {
                  const searchPath = context.environment.variables['PATH'];
                  findings.push(...(await checkMachine({ searchPath }, process.version)));
                },
              },
              {
                title: 'Look at the installation',
                run: async (progress) => {
                  findings.push(...(await installationFindings(context, progress)));
                },
              },
            ],
            context.output,
          );
          context.output.result(findings, renderFindings(findings, context.output));
          const wrong = findings.some(({ severity }) => severity === 'error');
          return wrong ? exitCodes.attention : exitCodes.ok;
        }),
      );
  },
};

async function installationFindings(
  context: CommandContext,
  progress: Parameters<typeof checkInstallation>[1],
): Promise<CheckedFinding[]> {
  try {
    return await withAgent(context, (agent) => checkInstallation(agent, progress));
  } catch (error) {
    if (!isHoldfastError(error, 'config-not-found')) throw error;
    return [
      {
        check: 'configuration',
        severity: 'info',
        where: context.configFile,
        what: 'there is none yet',
        fix: 'holdfast config example > holdfast.yaml',
      },
    ];
  }
}

const marks = { error: 'red', warning: 'yellow', info: 'green' } as const;

function renderFindings(findings: readonly CheckedFinding[], output: Output): string {
  return findings
    .map(({ check, severity, where, what, fix }) => {
      const mark = output.style(marks[severity], severity === 'info' ? 'ok' : severity);
      const place = where === check ? '' : `${where}: `;
      return `${mark}  ${check}: ${place}${what}${fix === undefined ? '' : `\n       fix: ${fix}`}`;
    })
    .join('\n');
}
