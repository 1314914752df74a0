import type { KeysStatus } from '../../operations/keys-status.ts';
import { renderTable } from './table.ts';

const shortFingerprint = 16;

export function renderKeysStatus(status: KeysStatus): string {
  const { job, repository, backups, recipients, signing, identity } = status;
  return [
    `${job} in ${repository}: ${backups} backups`,
    renderTable(recipients, [
      { title: 'RECIPIENT', value: ({ name }) => name },
      { title: 'FINGERPRINT', value: ({ fingerprint }) => fingerprint.slice(0, shortFingerprint) },
      {
        title: 'OPENS',
        value: ({ opens }) => (opens === 'objects' ? 'contents and meta' : 'meta'),
      },
      { title: 'BACKUPS', align: 'right', value: ({ backups: count }) => String(count) },
      { title: 'OLDEST', value: ({ oldest }) => oldest ?? '-' },
      { title: 'NEWEST', value: ({ newest }) => newest ?? '-' },
      { title: 'NEXT BACKUP', value: ({ current }) => (current ? 'yes' : 'no') },
    ]),
    '',
    renderTable(signing, [
      { title: 'SIGNS AS', value: ({ role }) => role },
      { title: 'KEY', value: ({ keyId }) => keyId.slice(0, shortFingerprint) },
      { title: 'FROM', value: ({ validFrom }) => validFrom },
      { title: 'UNTIL', value: ({ validUntil }) => validUntil ?? 'open' },
    ]),
    '',
    renderIdentity(identity),
  ].join('\n');
}

function renderIdentity({ present, unopened }: KeysStatus['identity']): string {
  if (!present) return 'this host has no recovery identity; --identity names one';
  if (unopened.length === 0) return 'the recovery identity opens every backup';
  return `the recovery identity does not open: ${unopened.join(', ')}`;
}
