import type { PrunedBackup, PruneOutcome } from '../../operations/prune.ts';
import { formatBytes, formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

/** The table of what stays and goes, and what else there is to say. */
export function renderPrune(outcome: PruneOutcome, output: Output): string {
  const { job, repository, backups, leftovers, locked, unfinished, confirmed } = outcome;
  const table = renderTable(
    backups,
    [
      { title: 'BACKUP', value: ({ id }) => id },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'RESTORES TO', value: ({ time }) => formatTime(new Date(time)) },
      { title: 'KNOWN TO BE', value: ({ standing }) => standing },
      { title: 'STORED', align: 'right', value: ({ storedBytes }) => formatBytes(storedBytes) },
      {
        title: 'FATE',
        value: ({ keep }) =>
          keep ? output.style('green', 'stays') : output.style('yellow', goes(confirmed)),
      },
      { title: 'WHY', value: renderReasons },
    ],
    output.columns,
  );
  const lines = [
    `${job} in ${repository}`,
    table === '' || backups.length === 0 ? 'no backups' : table,
    ...leftovers.map(
      ({ id, why, objects, bytes }) =>
        `${goes(confirmed)}: ${objects} objects (${formatBytes(bytes)}) of ${id}, ${why === 'pruned' ? 'pruned before' : 'which no commit names'}`,
    ),
    ...(unfinished > 0 ? [`cleared: ${unfinished} unfinished uploads`] : []),
    ...locked.map(({ key }) => `locked, left to a later prune: ${key}`),
    confirmed
      ? `freed: ${formatBytes(outcome.freedBytes)}`
      : `nothing was changed; --confirm frees ${formatBytes(outcome.freedBytes)}`,
  ];
  return lines.join('\n');
}

function goes(confirmed: boolean): string {
  return confirmed ? 'deleted' : 'would go';
}

function renderReasons({ keep, reasons }: PrunedBackup): string {
  return keep ? reasons.map(({ because }) => because).join('; ') : 'no rule keeps it';
}

export function summarisePrune({
  backups,
  leftovers,
  freedBytes,
  confirmed,
}: PruneOutcome): string {
  const going = backups.filter(({ keep }) => !keep).length;
  const rest = leftovers.length === 0 ? '' : `, leftovers of ${leftovers.length} more`;
  return `${backups.length - going} stay, ${going} ${confirmed ? 'deleted' : 'would go'}${rest}, ${formatBytes(freedBytes)}`;
}
