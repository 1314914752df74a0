import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ErasureStep } from '../../../contracts/erasure.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import {
  listErasures,
  recordErasure,
  type ListedErasure,
  type RecordedErasure,
} from '../../operations/erasures.ts';
import type { CommandModule, Runner } from '../command.ts';
import { formatTime } from '../render/format.ts';
import type { Output } from '../render/output.ts';
import { renderTable } from '../render/table.ts';
import { withAgent } from '../with-agent.ts';

interface AddOptions {
  readonly subject?: string;
  readonly subjectFile?: string;
  readonly column: readonly string[];
  readonly statement: readonly string[];
  readonly proof: readonly string[];
  readonly erasedAt?: string;
  readonly reason?: string;
}

export const eraseCommand: CommandModule = {
  define(program, run) {
    const erase = program
      .command('erase')
      .description('the ledger of erased people, which every restore of an older backup replays')
      .addHelpText(
        'after',
        `
Examples:
  holdfast erase add crm-database --subject-file subject.txt --column crm.contacts.email
  holdfast erase list crm-database`,
      );
    defineAdd(erase, run);
    defineList(erase, run);
  },
};

function defineAdd(erase: Command, run: Runner): void {
  erase
    .command('add')
    .description('record that a person was erased; changes no database')
    .argument('<job>', 'job of the configuration, of a PostgreSQL database')
    .option('--subject <key>', "the person's key: an e-mail address, a customer number")
    .option(
      '--subject-file <file>',
      'a file with the key, so that no history or process list has it',
    )
    .option('--column <schema.table.column...>', 'rows that have the key here are deleted', [])
    .option('--statement <sql...>', 'SQL with $1 for the key, each with a --proof of its own', [])
    .option('--proof <sql...>', 'a query whose one value is 0, false or null once it is done', [])
    .option('--erased-at <time>', 'when the source was rid of them, with its zone; default: now')
    .option('--reason <text>', 'for the ledger, such as a case number')
    .addHelpText(
      'after',
      `
Needs the curator key. Erase at the source first: backups from before that moment still hold
the person, and whatever is restored from them is rid of the person before anybody uses it.

Examples:
  holdfast erase add crm-database --subject ann@lee.example --column crm.contacts.email
  holdfast erase add crm-database --subject 4711 \\
    --statement 'UPDATE crm.deals SET title = NULL WHERE contact_id = $1::int' \\
    --proof 'SELECT count(*) FROM crm.deals WHERE contact_id = $1::int AND title IS NOT NULL'`,
    )
    .action((job: string, options: AddOptions) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const { erasedAt, reason } = options;
          const recorded = await recordErasure(agent, {
            job,
            subject: await readSubject(options),
            steps: readSteps(options),
            ...(erasedAt === undefined ? {} : { erasedAt: readTime(erasedAt) }),
            ...(reason === undefined ? {} : { reason }),
          });
          context.output.result(recorded, renderRecorded(recorded));
          return recorded.missing.length > 0 ? exitCodes.partial : exitCodes.ok;
        }),
      ),
    );
}

function defineList(erase: Command, run: Runner): void {
  erase
    .command('list')
    .description('the requests, oldest first, and where they stand; needs the metadata identity')
    .argument('<job>', 'job of the configuration')
    .option('--reveal', "with the people's keys and the statements, which are personal data")
    .addHelpText('after', '\nExample:\n  holdfast erase list crm-database')
    .action((job: string, { reveal = false }: { reveal?: boolean }) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const { requests, unread } = await listErasures(agent, job);
          const shown = reveal ? requests : requests.map(withoutPerson);
          context.output.result(shown, renderList(requests, reveal, context.output));
          for (const { where, what } of unread)
            context.output.warn(`the ledger in ${where} could not be read: ${what}`);
          return unread.length > 0 ? exitCodes.partial : exitCodes.ok;
        }),
      ),
    );
}

async function readSubject({ subject, subjectFile }: AddOptions): Promise<string> {
  if ((subject === undefined) === (subjectFile === undefined))
    throw new HoldfastError('usage-invalid', 'name the person by --subject or by --subject-file');
  const text = subject ?? (await readSubjectFile(subjectFile ?? ''));
  if (text === '') throw new HoldfastError('usage-invalid', "the person's key is empty");
  return text;
}

async function readSubjectFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new HoldfastError('usage-invalid', `--subject-file ${file} cannot be read`, {
      cause: error,
    });
  }
}

function readSteps({ column, statement, proof }: AddOptions): ErasureStep[] {
  if (statement.length !== proof.length)
    throw new HoldfastError(
      'usage-invalid',
      `${statement.length} statements and ${proof.length} proofs: each statement needs its own`,
    );
  const steps: ErasureStep[] = [
    ...column.map(readColumn),
    ...statement.map((sql, at) => ({ statement: sql, proof: proof[at] ?? '' })),
  ];
  if (steps.length > 0) return steps;
  throw new HoldfastError('usage-invalid', 'name what is erased: --column, or --statement');
}

function readColumn(text: string): ErasureStep {
  const [schema, table, name, ...more] = text.split('.');
  if (schema && table && name && more.length === 0) return { column: { schema, table, name } };
  throw new HoldfastError('usage-invalid', `--column ${text} is not schema.table.column`, {
    hint: 'where a name holds a full stop, use --statement and --proof',
  });
}

function readTime(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime()) && /(Z|[+-]\d\d:?\d\d)$/.test(text)) return time;
  throw new HoldfastError('usage-invalid', `--erased-at ${text} is not a time with its zone`, {
    hint: 'write it as 2026-11-22T21:05:00+08:00 or 2026-11-22T13:05:00Z',
  });
}

function renderRecorded({ id, repositories, missing }: RecordedErasure): string {
  return [
    `recorded ${id} in ${repositories.join(', ')}`,
    ...missing.map(
      ({ repository, why }) => `not in ${repository}, the next copy brings it: ${why}`,
    ),
  ].join('\n');
}

function withoutPerson({ erasure, ...where }: ListedErasure) {
  const { id, erasedAt, recordedAt, by } = erasure;
  return { id, erasedAt, recordedAt, by, ...where };
}

function renderList(found: readonly ListedErasure[], reveal: boolean, output: Output): string {
  if (found.length === 0) return 'nobody was erased yet';
  const missing = (entry: ListedErasure) =>
    entry.missing.length === 0 ? '' : `, not in ${entry.missing.join(', ')}`;
  return renderTable(
    found,
    [
      { title: 'ERASURE', value: ({ erasure }) => erasure.id },
      { title: 'ERASED AT', value: ({ erasure }) => formatTime(new Date(erasure.erasedAt)) },
      { title: 'BY', value: ({ erasure }) => JSON.stringify(erasure.by).slice(1, -1) },
      { title: 'IN', value: (entry) => entry.repositories.join(', ') + missing(entry) },
      ...(reveal
        ? [
            {
              title: 'PERSON',
              value: ({ erasure }: ListedErasure) => JSON.stringify(erasure.subject),
            },
          ]
        : []),
    ],
    output.columns,
  );
}
