import { Option } from 'commander';
import type { Manifest } from '../../../contracts/manifest.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import { runBackup, type BackupRequest } from '../../operations/backup.ts';
import {
  describeSuspicion,
  watchAnomalies,
  type SuspiciousBackup,
} from '../../operations/watch-anomalies.ts';
import { jobsToRun } from '../../operations/groups.ts';
import type { CommandModule } from '../command.ts';
import { summariseBackup } from '../render/backups.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

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
      .addHelpText(
        'after',
        `
Examples:
  holdfast backup crm                       the group's jobs: database first, attachments after it
  holdfast backup crm-database --kind full  start a new chain
  holdfast backup crm-attachments --verify-content   trust no time stamp

A backup of attachments that was interrupted goes on where it was.

Ends with 5 when a backup is partial: committed, but some entries could not be read.`,
      )
      .action((name: string, options: Omit<BackupRequest, 'job'>) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const taken: Manifest[] = [];
            const suspicious: SuspiciousBackup[] = [];
            const steps = jobsToRun(agent, name).map((job) => ({
              title: `Back up ${job}`,
              run: async (progress: Parameters<typeof runBackup>[2]['progress']) => {
                const manifests = await runBackup(agent, { ...options, job }, { progress });
                taken.push(...manifests);
                suspicious.push(...(await watchAnomalies(agent, job, manifests)));
                return manifests.map(summariseBackup).join('; ') || 'nothing has changed';
              },
            }));
            await runSteps(steps, context.output);
            context.output.result(taken, taken.map((manifest) => manifest.id).join('\n'));
            for (const suspicion of suspicious) context.output.warn(describeSuspicion(suspicion));
            const partial = taken.some((manifest) => manifest.status === 'partial');
            return partial ? exitCodes.partial : exitCodes.ok;
          }),
        ),
      );
  },
};
