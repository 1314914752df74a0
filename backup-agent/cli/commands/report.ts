import { rename, rm, writeFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import { duration } from '../../../contracts/units.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { readStatusReport } from '../../operations/status-report.ts';
import { renderStatusPage, statusPageLanguages } from '../../report/status-page.ts';
import type { CommandModule } from '../command.ts';
import { withAgent } from '../with-agent.ts';

interface ReportOptions {
  readonly to: string;
  readonly last: number;
  readonly language: (typeof statusPageLanguages)[number];
  readonly timeZone?: string;
}

export const reportCommand: CommandModule = {
  define(program, run) {
    program
      .command('report')
      .description('write the status page: one HTML file, to read anywhere, print or send')
      .argument('[job]', 'job or group of the configuration; all jobs without it')
      .option('--to <file>', 'the file; one that exists is replaced', 'holdfast-status.html')
      .option(
        '--last <duration>',
        'how far timelines and charts go back',
        readDuration,
        ninetyDaysMs,
      )
      .addOption(
        new Option('--language <language>', 'which one is shown first; the page has both')
          .choices(statusPageLanguages)
          .default('en'),
      )
      .option('--time-zone <name>', 'of the times shown; that of the configuration without it')
      .addHelpText(
        'after',
        `
The page says whether every job is covered, and how that is known: objectives, timeline, sizes,
what drills measured, chains, evidence, retention, and who may read what. It needs neither network
nor script, and holds no customer data. The daemon serves the same at /status.

Examples:
  holdfast report --to /var/www/backups/index.html
  holdfast report crm --last 30d --language zh --time-zone Asia/Shanghai`,
      )
      .action((name: string | undefined, options: ReportOptions) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const all = Object.keys(agent.configuration.jobs);
            const jobs = name === undefined ? all : jobsToRun(agent, name);
            const since = new Date(agent.now().getTime() - options.last);
            const report = await readStatusReport(agent, jobs, since);
            const timeZone = options.timeZone ?? agent.configuration.timeZone;
            assertTimeZone(timeZone);
            const { language } = options;
            await replaceFile(options.to, await renderStatusPage(report, { timeZone, language }));
            const { state } = report;
            context.output.result({ file: options.to, state }, `${options.to}: ${state}`);
          }),
        ),
      );
  },
};

const ninetyDaysMs = 90 * 86_400_000;

function readDuration(text: string): number {
  const parsed = duration.safeParse(text);
  if (parsed.success && parsed.data > 0) return parsed.data;
  throw new InvalidArgumentError('It must be a duration, such as 30d.');
}

function assertTimeZone(name: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format();
  } catch (error) {
    throw new HoldfastError('usage-invalid', `there is no time zone ${name}`, { cause: error });
  }
}

/** Whoever reads the file meanwhile sees the former page or the new one, never a half. */
async function replaceFile(file: string, content: string): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastError('usage-invalid', `${file} cannot be written: ${why}`, { cause: error });
  }
}
