import { Option } from 'commander';
import type { Manifest } from '../../../contracts/manifest.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { runBackup, type BackupRequest } from '../../operations/backup.ts';
import { describeWatch, watchAnomalies } from '../../operations/watch-anomalies.ts';
import type { Agent } from '../../operations/agent.ts';
import { jobsToRun } from '../../operations/groups.ts';
import { planBackup, type PlannedBackup } from '../../operations/plan-backup.ts';
import type { CommandModule } from '../command.ts';
import { summariseBackup } from '../render/backups.ts';
import { formatBytes, formatCount } from '../render/format.ts';
import type { Output } from '../render/output.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

interface BackupOptions extends Omit<BackupRequest, 'job'> {
  readonly dryRun?: true;
}

export const backupCommand: CommandModule = {
  define(program, run) {
    program
      .command('backup')
      .description('take a backup of a job, or of a group of jobs in its order')
      .argument('<job>', 'job or group of the configuration')
      .addOption(
        new Option('-k, --kind <kind>', 'what to take; auto: incremental where a chain exists')
          .choices(['auto', 'full', 'incremental', 'differential'])
          .default('auto'),
      )
      .option('--wait', 'wait for another run of the job to end')
      .option(
        '--verify-content',
        'attachments: read all content again, whatever size and times say',
      )
      .option('--allow-empty', 'attachments: the source was emptied on purpose')
      .option('--dry-run', 'database: say what the next backup would read, and change nothing')
      .addHelpText(
        'after',
        `
Examples:
  holdfast backup crm                       the group's jobs: database first, attachments after it
  holdfast backup crm-database --kind full  start a new chain
  holdfast backup crm-database --dry-run    how much log and which tables it would read
  holdfast backup crm-attachments --verify-content   trust no time stamp

A backup of attachments that was interrupted goes on where it was.

Ends with 5 when a backup is partial: committed, but some entries could not be read.`,
      )
      .action((name: string, options: BackupOptions) =>
        run((context) =>
          withAgent(context, async (agent) => {
            if (options.dryRun) return await forecast(agent, name, context.output);
            const taken: Manifest[] = [];
            const warnings: string[] = [];
            const steps = jobsToRun(agent, name).map((job) => ({
              title: `Back up ${job}`,
              run: async (progress: Parameters<typeof runBackup>[2]['progress']) => {
                const manifests = await runBackup(agent, { ...options, job }, { progress });
                taken.push(...manifests);
                warnings.push(...describeWatch(await watchAnomalies(agent, job, manifests)));
                return manifests.map(summariseBackup).join('; ') || 'nothing has changed';
              },
            }));
            await runSteps(steps, context.output);
            context.output.result(taken, taken.map((manifest) => manifest.id).join('\n'));
            for (const warning of warnings) context.output.warn(warning);
            const partial = taken.some((manifest) => manifest.status === 'partial');
            return partial ? exitCodes.partial : exitCodes.ok;
          }),
        ),
      );
  },
};

/** Of a group, its databases; the other jobs find out by reading. */
async function forecast(agent: Agent, name: string, output: Output): Promise<number> {
  const jobs = jobsToRun(agent, name);
  const databases = jobs.filter((job) => agent.job(job).source.type === 'postgres');
  const plans: PlannedBackup[] = [];
  for (const job of databases.length > 0 ? databases : jobs)
    plans.push(await planBackup(agent, job));
  output.result(plans, plans.map(renderForecast).join('\n'));
  return exitCodes.ok;
}

function renderForecast({ job, kind, reason, logBytes, backups, tables }: PlannedBackup): string {
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const whole = `${formatCount(tables.length)} tables whole (${formatBytes(bytes)})`;
  if (kind === 'full') return `${job}: a full (${reason ?? 'as asked'}), ${whole}`;
  return [
    `${job}: ${formatCount(backups)} incrementals, ${formatBytes(logBytes)} of log, ${whole}`,
    ...tables.map((table) => `  ${table.schema}.${table.name}: ${table.reason}`),
  ].join('\n');
}
