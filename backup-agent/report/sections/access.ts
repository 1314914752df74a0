import { html, type Content } from '../../../pages/html.ts';
import { mark } from '../../../pages/mark.ts';
import { table } from '../../../pages/table.ts';
import type { KeysStatus, RecipientStatus } from '../../operations/keys-status.ts';
import type { JobReport } from '../../operations/status-report.ts';
import { moment, type Reader } from '../words.ts';

/** Who opens which backups, whether this host does, and whose signatures count. */
export function accessSection({ job, access }: JobReport, reader: Reader): Content {
  const { words } = reader;
  if (!access) return html`<p>${words.access.none(job)}</p>`;
  return [
    recipientTable(job, access, reader),
    identityText(access, reader),
    signerTable(access, reader),
    html`<p class="quiet">${words.access.live}</p>`,
  ];
}

function recipientTable(job: string, { recipients }: KeysStatus, reader: Reader) {
  const { words, format } = reader;
  const { caption, columns, opens, used, unused } = words.access;
  return table({
    caption: caption(job),
    columns: [
      { title: columns.recipient },
      { title: columns.opens },
      { title: columns.backups, numeric: true },
      { title: columns.used },
      { title: columns.escrow },
    ],
    rows: recipients.map((recipient) => [
      html`${nameOf(recipient, words)}
        <small class="code">${recipient.fingerprint.slice(0, 16)}</small>`,
      opens[recipient.opens],
      format.number(recipient.backups),
      mark(recipient.current ? 'good' : 'unknown', recipient.current ? used : unused),
      recipient.provenAt === undefined ? '–' : moment(reader, recipient.provenAt),
    ]),
  });
}

function nameOf({ name }: RecipientStatus, { access }: Reader['words']): string {
  if (name === 'unknown') return access.unknown;
  return name === 'metadata identity' ? access.metadata : name;
}

function identityText({ identity: { present, unopened } }: KeysStatus, reader: Reader): Content {
  const { access } = reader.words;
  if (!present) return html`<p>${access.noIdentity}</p>`;
  const rest = unopened.length > 0 && access.unopened(reader.format.number(unopened.length));
  return html`<p>${access.identity} ${rest}</p>`;
}

function signerTable({ signing }: KeysStatus, reader: Reader): Content {
  const { signers, signerColumns, roles, open } = reader.words.access;
  return table({
    caption: signers,
    columns: [
      { title: signerColumns.role },
      { title: signerColumns.key },
      { title: signerColumns.from },
      { title: signerColumns.until },
    ],
    rows: signing.map(({ role, keyId, validFrom, validUntil }) => [
      role in roles ? roles[role as keyof typeof roles] : role,
      html`<span class="code">${keyId.slice(0, 16)}</span>`,
      moment(reader, validFrom),
      validUntil === undefined ? open : moment(reader, validUntil),
    ]),
  });
}
