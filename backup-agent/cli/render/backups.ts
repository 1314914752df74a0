import type { Manifest } from '../../../contracts/manifest.ts';
import type { BackupRecord } from '../../repository/backups.ts';
import { describeLeftOut } from '../../sources/files/left-out.ts';
import { formatBytes, formatCount, formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

export function renderBackups(backups: readonly BackupRecord[], output: Output): string {
  return renderTable(
    backups,
    [
      { title: 'BACKUP', value: ({ manifest }) => manifest.id },
      { title: 'KIND', value: ({ manifest }) => manifest.kind },
      { title: 'RESTORES TO', value: ({ manifest }) => formatTime(new Date(manifest.point.time)) },
      { title: 'STATUS', value: (backup) => renderStatus(backup, output) },
      { title: 'ITEMS', align: 'right', value: ({ manifest }) => formatCount(manifest.items) },
      {
        title: 'DATA',
        align: 'right',
        value: ({ manifest }) => formatBytes(manifest.plaintextBytes),
      },
      {
        title: 'STORED',
        align: 'right',
        value: ({ manifest }) => formatBytes(manifest.storedBytes),
      },
    ],
    output.columns,
  );
}

function renderStatus({ manifest, held }: BackupRecord, output: Output): string {
  const status =
    manifest.status === 'partial'
      ? output.style('yellow', 'partial')
      : output.style('green', 'complete');
  return held ? `${status}, held` : status;
}

/** One line for a step that made or copied backups. */
export function summariseBackup(manifest: Manifest): string {
  const sizes = `${formatBytes(manifest.plaintextBytes)}, stored as ${formatBytes(manifest.storedBytes)}`;
  const problems = manifest.problems > 0 ? `, ${manifest.problems} problems` : '';
  const out = describeLeftOut(manifest.source);
  const leftOut = out === undefined ? '' : `, left out: ${out}`;
  const reason = manifest.reason === undefined ? '' : ` (${manifest.reason})`;
  return `${manifest.kind} ${manifest.id}: ${formatCount(manifest.items)} items, ${sizes}${problems}${leftOut}${reason}`;
}
