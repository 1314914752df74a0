import { HoldfastError, type Problem } from '../../errors/holdfast-error.ts';
import { readProblems } from '../../operations/backup-problems.ts';
import { readHistoryDespiteDamage } from '../../operations/history.ts';
import type { BackupRecord } from '../../repository/backups.ts';
import { chainOf } from '../../repository/chain.ts';
import { describeLeftOut } from '../../sources/files/left-out.ts';
import type { CommandModule } from '../command.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from '../render/format.ts';
import { withAgent } from '../with-agent.ts';

export const showCommand: CommandModule = {
  define(program, run) {
    program
      .command('show')
      .description('show one backup: its moment, chain, objects and keys')
      .argument('<job>', 'job of the configuration')
      .argument('[backup]', 'backup id', 'latest')
      .option('--from <repository>', "another repository than the job's own")
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast show crm-database\n  holdfast show crm-database 20261122T210500Z-7f3a91 --from offsite',
      )
      .action((job: string, id: string, options: { from?: string }) =>
        run((context) =>
          withAgent(context, async (agent) => {
            const repository = await agent.openRepository(
              options.from ?? agent.job(job).repository,
            );
            const { backups, unreadable } = await readHistoryDespiteDamage(agent, repository, job);
            const newest = [...backups.map(({ manifest }) => manifest), ...unreadable]
              .toSorted((left, right) => (left.id < right.id ? -1 : 1))
              .at(-1);
            const wanted = id === 'latest' ? newest?.id : id;
            const damaged = unreadable.find((backup) => backup.id === wanted);
            if (damaged) throw damaged.error;
            if (wanted === undefined)
              throw new HoldfastError(
                'backup-unknown',
                `job ${job} has no backup in ${repository.name}`,
              );
            const chain = chainOf(backups, wanted);
            const record = chain.at(-1);
            if (!record) return;
            const problems = await readProblems(agent, repository, record.manifest);
            context.output.result(
              {
                ...record,
                chain: chain.map(({ manifest }) => manifest.id),
                ...(problems ? { problems } : {}),
              },
              [renderBackup(record, chain), ...renderProblems(record, problems)].join('\n'),
            );
          }),
        ),
      );
  },
};

/** The whole list is in the JSON. */
const shownProblems = 50;

function renderProblems(
  { manifest }: BackupRecord,
  problems: readonly Problem[] | undefined,
): string[] {
  if (manifest.problems === 0) return [];
  if (!problems) return ['problems     their list cannot be opened on this host'];
  const more = problems.length - shownProblems;
  return [
    ...problems.slice(0, shownProblems).map(({ where, what }) => `problem: ${where}: ${what}`),
    ...(more > 0 ? [`and ${more} more, which --json lists`] : []),
  ];
}

function renderBackup(
  { manifest, digest, held }: BackupRecord,
  chain: readonly BackupRecord[],
): string {
  const took = Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt);
  const leftOut = describeLeftOut(manifest.source);
  const lines: [string, string][] = [
    ['backup', `${manifest.id}${held ? ' (held)' : ''}`],
    ['job', manifest.job],
    ['kind', manifest.kind + (manifest.reason === undefined ? '' : `, because ${manifest.reason}`)],
    [
      'status',
      manifest.status + (manifest.problems === 0 ? '' : `, ${manifest.problems} problems`),
    ],
    [
      'restores to',
      formatTime(new Date(manifest.point.time)) +
        (manifest.point.lsn ? ` (LSN ${manifest.point.lsn})` : ''),
    ],
    ['taken', `${formatTime(new Date(manifest.startedAt))}, in ${formatDuration(took)}`],
    ['items', formatCount(manifest.items)],
    ...(leftOut === undefined ? [] : [['left out', leftOut] satisfies [string, string]]),
    [
      'data',
      `${formatBytes(manifest.plaintextBytes)}, stored as ${formatBytes(manifest.storedBytes)}`,
    ],
    ['objects', `${manifest.objects.length}, and ${manifest.meta.length} of metadata`],
    [
      'chain',
      chain.map((link) => `${link.manifest.kind} ${link.manifest.id}`).join('\n             '),
    ],
    ['opened by', `${manifest.recipients.objects.length} recipients`],
    ['manifest', `sha256:${digest}`],
    ['written by', `${manifest.tool.name} ${manifest.tool.version}`],
  ];
  return lines.map(([label, value]) => `${label.padEnd(13)}${value}`).join('\n');
}
