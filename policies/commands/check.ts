import { type Command, Option } from 'commander';
import { severities, type Severity } from '../engine/rule.ts';
import type { Report } from '../engine/report.ts';
import { judgePath } from '../face.ts';
import { type Format, reporters } from '../reporters/index.ts';
import { parseTime, readEnvironment, readSuppressions } from './inputs.ts';

export interface CheckOptions {
  readonly format: Format;
  readonly failOn: Severity;
  readonly strict: boolean;
  readonly suppressions?: string;
  readonly environment?: string;
  readonly now?: Date;
}

/** `policies check`: judges infrastructure by every rule. */
export function checkCommand(
  program: Command,
  clock: () => Date,
  done: (report: Report, options: CheckOptions) => void,
): void {
  program
    .command('check')
    .description(
      'judge a CDKTF output directory, Terraform JSON, or a plan from `terraform show -json`',
    )
    .argument('[path]', 'what to judge', 'cdktf.out')
    .addOption(new Option('--format <format>').choices(Object.keys(reporters)).default('text'))
    .addOption(
      new Option('--fail-on <severity>', 'findings from here on fail the run')
        .choices([...severities])
        .default('error'),
    )
    .option('--strict', 'what cannot be judged fails the run too', false)
    .option('--suppressions <file>', 'accepted findings, such as policies/suppressions.yaml')
    .option('--environment <file>', 'the environment file the stacks were made from')
    .option('--now <time>', 'judge as of this time', parseTime)
    .action(async (path: string, options: CheckOptions) => {
      const environment =
        options.environment === undefined ? undefined : await readEnvironment(options.environment);
      const report = await judgePath(path, {
        now: options.now ?? clock(),
        suppressions: await readSuppressions(options.suppressions),
        ...(environment && { environment }),
      });
      done(report, options);
    });
}
