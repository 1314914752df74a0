import { exitCodes } from '../../errors/exit-codes.ts';
import { runDrill, type DrillOutcome } from '../../operations/drill.ts';
import type { CommandModule } from '../command.ts';
import { renderEvidence } from '../render/evidence.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

interface DrillOptions {
  readonly backup: string;
  readonly from?: string;
  readonly identity?: string;
}

export const drillCommand: CommandModule = {
  define(program, run) {
    program
      .command('drill')
      .description('rehearse a restore in a sandbox, compare its content, and sign the evidence')
      .argument('<job>', 'a job that has a `drill` in the configuration')
      .option('-b, --backup <which>', 'latest, oldest, random, or a backup id', 'latest')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option('-i, --identity <file>', 'the recovery identity; default: keys.identity')
      .addHelpText(
        'after',
        `
Ends with ${exitCodes.drillFailed} when the backup does not restore as promised, or an objective is missed.

Examples:
  holdfast drill crm-database --identity recovery.age-identity
  holdfast drill crm-database --from offsite --backup random --json`,
      )
      .action((job: string, options: DrillOptions) =>
        run((context) =>
          withAgent(
            context,
            async (agent) => {
              const outcomes: DrillOutcome[] = [];
              const { backup, from } = options;
              const selection = { job, backup, ...(from === undefined ? {} : { from }) };
              await runSteps(
                [
                  {
                    title: `Drill ${job}`,
                    run: async (progress) => {
                      outcomes.push(await runDrill(agent, selection, { progress }));
                    },
                  },
                ],
                context.output,
              );
              for (const outcome of outcomes) context.output.result(outcome, renderDrill(outcome));
              const passed = outcomes.every(({ evidence }) => evidence.outcome === 'passed');
              return passed ? exitCodes.ok : exitCodes.drillFailed;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};

/** The evidence, then what failed or stays unproven, by name. */
export function renderDrill({ evidence, recorded, reports }: DrillOutcome): string {
  const findings = reports.flatMap((report) =>
    report.findings.map(({ subject, outcome, what }) => `  ${outcome}: ${subject}: ${what}`),
  );
  return [
    renderEvidence(evidence),
    ...(findings.length > 0 ? ['', ...findings] : []),
    '',
    `Evidence: ${recorded.file}`,
  ].join('\n');
}
