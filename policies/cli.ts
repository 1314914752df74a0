import { readFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { explain } from './explain.ts';
import { exitCode } from './engine/gate.ts';
import { LoadError } from './engine/load.ts';
import type { Report } from './engine/report.ts';
import { severities, type Severity } from './engine/rule.ts';
import {
  noSuppressions,
  parseSuppressions,
  SuppressionsError,
  type SuppressionSet,
} from './engine/suppress.ts';
import { judgePath } from './face.ts';
import { type Format, reporters } from './reporters/index.ts';
import { rules } from './rules/index.ts';

/** What a run of the command line leaves behind. */
export interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

interface CheckOptions {
  readonly format: Format;
  readonly failOn: Severity;
  readonly strict: boolean;
  readonly suppressions?: string;
  readonly environment?: string;
  readonly now?: Date;
}

/** Runs `policies check|list|explain`: 0 clean, 1 findings at or above the threshold, 2 failure. */
export async function run(argv: readonly string[], clock: () => Date): Promise<Run> {
  let output = '';
  let errors = '';
  let code = 0;
  const program = new Command('policies')
    .description('rules over synthesized infrastructure')
    .exitOverride();
  program.configureOutput({
    writeOut: (text) => void (output += text),
    writeErr: (text) => void (errors += text),
  });
  checkCommand(program, clock, (report, options) => {
    output += reporters[options.format](report);
    code = exitCode(report, options);
  });
  program
    .command('list')
    .description('every rule, its severity and title')
    .action(() => {
      output += rules.map(({ id, severity, title }) => `${id}\t${severity}\t${title}\n`).join('');
    });
  program
    .command('explain')
    .argument('<rule>')
    .description('why a rule exists and how to satisfy it')
    .action((id: string) => {
      const rule = rules.find((one) => one.id === id);
      if (!rule)
        throw new InvalidArgumentError(
          `there is no rule \`${id}\`; \`policies list\` names them all`,
        );
      output += explain(rule);
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    code = failureCode(error);
    if (code !== 0 && !(error instanceof CommanderError && errors !== ''))
      errors += `${describeFailure(error)}\n`;
  }
  return { code, output, errors };
}

function checkCommand(
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

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('not a time such as 2026-11-23');
  return time;
}

async function readSuppressions(path: string | undefined): Promise<SuppressionSet> {
  return path === undefined ? noSuppressions : parseSuppressions(await readFile(path, 'utf8'));
}

const environmentFile = z
  .looseObject({ environment: z.string() })
  .and(z.record(z.string(), z.json()));

async function readEnvironment(
  path: string,
): Promise<{ name: string; content: z.infer<typeof environmentFile> }> {
  const content = environmentFile.parse(parse(await readFile(path, 'utf8')));
  return { name: content.environment, content };
}

/** Help and version end well; everything that stops a run early is a failure, never a finding. */
function failureCode(error: unknown): number {
  return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
}

function describeFailure(error: unknown): string {
  if (
    error instanceof LoadError ||
    error instanceof SuppressionsError ||
    error instanceof CommanderError
  )
    return `error: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
