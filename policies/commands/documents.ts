import { writeFile } from 'node:fs/promises';
import { Argument, type Command, Option } from 'commander';
import { configuration } from '../../contracts/configuration.ts';
import { environment } from '../../contracts/environment.ts';
import { readRecords, type EvidencePlace } from '../controls/evidence/read-records.ts';
import { disasterPlan } from '../documents/disaster-plan.ts';
import { privacyNotice } from '../documents/privacy-notice.ts';
import { processingRecord } from '../documents/processing-record.ts';
import { languages, type Language } from '../../pages/language.ts';
import { collectEvidence, InputError, parseTime, readContract } from './inputs.ts';

const kinds = ['disaster-plan', 'processing-record', 'privacy-notice'] as const;
type Kind = (typeof kinds)[number];

interface DocumentOptions {
  readonly agent: string;
  readonly environment?: string;
  readonly evidence: readonly EvidencePlace[];
  readonly language: Language;
  readonly out?: string;
  readonly now?: Date;
}

/** `policies document`: papers that people need, filled in with what the files know. */
export function documentCommand(
  program: Command,
  clock: () => Date,
  write: (text: string) => void,
): void {
  program
    .command('document')
    .description('write a disaster plan, a record of processing or a privacy notice, as Markdown')
    .addArgument(new Argument('<kind>', 'what to write').choices(kinds))
    .requiredOption('--agent <file>', "the agent's configuration: jobs, objectives, retention")
    .option('--environment <file>', 'the environment file; a disaster plan needs none')
    .option(
      '--evidence <place>',
      'a bundle of `holdfast evidence bundle`, or [name=]repository; may be given again',
      collectEvidence,
      [],
    )
    .addOption(new Option('--language <language>').choices(languages).default('en'))
    .option('--out <file>', 'where it goes; standard output without it')
    .option('--now <time>', 'as of this time', parseTime)
    .addHelpText(
      'after',
      `
Examples:
  policies document disaster-plan --agent holdfast.yaml --evidence bundle.zip --out disaster-plan.md
  policies document processing-record --agent holdfast.yaml \\
    --environment stacks/environments/production.yaml --language zh`,
    )
    .action(async (kind: Kind, options: DocumentOptions) => {
      const text = await documentOf(kind, options, options.now ?? clock());
      if (options.out === undefined) write(text);
      else await writeFile(options.out, text);
    });
}

async function documentOf(kind: Kind, options: DocumentOptions, now: Date): Promise<string> {
  const { language } = options;
  const agent = await readContract(options.agent, configuration);
  if (kind === 'disaster-plan') {
    const given = { file: options.agent, configuration: agent };
    const records = (await readRecords(options.evidence, given)) ?? [];
    return disasterPlan({ agent, records, now, language });
  }
  if (options.environment === undefined)
    throw new InputError(`a ${kind} needs the environment file (--environment)`);
  const file = await readContract(options.environment, environment);
  const inputs = { environment: file, agent, now, language };
  return kind === 'privacy-notice' ? privacyNotice(inputs) : processingRecord(inputs);
}
