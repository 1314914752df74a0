import type { KeysStatus } from '../../operations/keys-status.ts';
import type { EscrowDrillReport } from '../../operations/escrow-drill.ts';
import { formatBytes, formatTime } from './format.ts';
import type { Output } from './output.ts';
import { renderTable } from './table.ts';

const shortFingerprint = 16;

export function renderKeysStatus(status: KeysStatus, output: Output): string {
  const { job, repository, backups, recipients, signing, identity } = status;
  return [
    `${job} in ${repository}: ${backups} backups`,
    renderTable(
      recipients,
      [
        { title: 'RECIPIENT', value: ({ name }) => name },
        {
          title: 'FINGERPRINT',
          value: ({ fingerprint }) => fingerprint.slice(0, shortFingerprint),
        },
        {
          title: 'OPENS',
          value: ({ opens }) => (opens === 'objects' ? 'contents and meta' : 'meta'),
        },
        { title: 'BACKUPS', align: 'right', value: ({ backups: count }) => String(count) },
        { title: 'OLDEST', value: ({ oldest }) => oldest ?? '-' },
        { title: 'NEWEST', value: ({ newest }) => newest ?? '-' },
        { title: 'NEXT BACKUP', value: ({ current }) => (current ? 'yes' : 'no') },
        {
          title: 'ESCROW DRILL',
          value: ({ provenAt }) => (provenAt === undefined ? '-' : formatTime(new Date(provenAt))),
        },
      ],
      output.columns,
    ),
    '',
    renderTable(
      signing,
      [
        { title: 'SIGNS AS', value: ({ role }) => role },
        { title: 'KEY', value: ({ keyId }) => keyId.slice(0, shortFingerprint) },
        { title: 'FROM', value: ({ validFrom }) => formatTime(new Date(validFrom)) },
        {
          title: 'UNTIL',
          value: ({ validUntil }) =>
            validUntil === undefined ? 'open' : formatTime(new Date(validUntil)),
        },
      ],
      output.columns,
    ),
    '',
    renderIdentity(identity),
  ].join('\n');
}

function renderIdentity({ present, unopened }: KeysStatus['identity']): string {
  if (!present) return 'this host has no recovery identity; --identity names one';
  if (unopened.length === 0) return 'the recovery identity opens every backup';
  return `the recovery identity does not open: ${unopened.join(', ')}`;
}

export function renderEscrowDrill(report: EscrowDrillReport, output: Output): string {
  const { job, repository, backup, chain, read, damage, recipient, configuredAs } = report;
  const lines = [`${job} in ${repository}`];
  for (const { kind, key, what } of damage)
    lines.push(`${output.style('red', kind)}: ${key}: ${what}`);
  const links = chain.length === 1 ? '' : ` and the ${chain.length - 1} backups it hangs on`;
  const size = `${read.objects} objects, ${formatBytes(read.bytes)}`;
  const opener = `${recipient.slice(0, shortFingerprint)} (${configuredAs ?? 'no longer configured'})`;
  lines.push(
    damage.length === 0
      ? `${output.style('green', 'opened')}: ${backup}${links} (${size}) with ${opener}`
      : `${output.style('red', 'not proven')}: ${backup}${links} with ${opener}`,
  );
  if (report.onWritersHost)
    lines.push(
      `${output.style('yellow', 'note')}: this host wrote the backup, so the drill says nothing of the place of escrow`,
    );
  lines.push(
    report.recorded
      ? 'the proof is recorded in the commit log'
      : `the proof was not recorded: ${report.notRecordedBecause ?? 'unknown'}`,
  );
  return lines.join('\n');
}
