import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { checkCommand } from './commands/check.ts';
import { controlsCommands } from './commands/controls.ts';
import { documentCommand } from './commands/documents.ts';
import { InputError } from './commands/inputs.ts';
import { AttestationsError } from './controls/attestation-checks.ts';
import { EvidenceError } from './controls/evidence/evidence-files.ts';
import { exitCode } from './engine/gate.ts';
import { LoadError } from './engine/load.ts';
import { SuppressionsError } from './engine/suppress.ts';
import { explain } from './explain.ts';
import { reporters } from './reporters/index.ts';
import { rules } from './rules/index.ts';

/** What a run of the command line leaves behind. */
export interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs `policies check|list|explain|controls|report|document`: 0 clean, 1 findings at or above the threshold,
 * 2 failure.
 */
export async function run(argv: readonly string[], clock: () => Date): Promise<Run> {
  let output = '';
  let errors = '';
  let code = 0;
  const program = new Command('policies')
    .description('rules over synthesized infrastructure, and the controls that they answer')
    .exitOverride();
  program.configureOutput({
    writeOut: (text) => void (output += text),
    writeErr: (text) => void (errors += text),
  });
  checkCommand(program, clock, (report, options) => {
    output += reporters[options.format](report);
    code = exitCode(report, options);
  });
  controlsCommands(program, clock, (end) => {
    output += end.output;
    errors += end.errors;
    code = end.code;
  });
  documentCommand(program, clock, (text) => void (output += text));
  rulesCommands(program, (text) => void (output += text));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    code = failureCode(error);
    if (code !== 0 && !(error instanceof CommanderError && errors !== ''))
      errors += `${describeFailure(error)}\n`;
  }
  return { code, output, errors };
}

function rulesCommands(program: Command, write: (text: string) => void): void {
  program
    .command('list')
    .description('every rule, its severity and title')
    .action(() => {
      write(rules.map(({ id, severity, title }) => `${id}\t${severity}\t${title}\n`).join(''));
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
      write(explain(rule));
    });
}

/** Help and version end well; everything that stops a run early is a failure, never a finding. */
function failureCode(error: unknown): number {
  return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
}

/** Failures that the reader can mend; anything else is a bug, and shows where it stands. */
const expected = [
  LoadError,
  SuppressionsError,
  AttestationsError,
  EvidenceError,
  InputError,
  CommanderError,
];

function describeFailure(error: unknown): string {
  const known = expected.find((kind) => error instanceof kind);
  if (known && error instanceof Error) return `error: ${error.message}`;
  if (isMissingFile(error)) return `error: ${error.path ?? ''} does not exist`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isMissingFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
