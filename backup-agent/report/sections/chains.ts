import { html, type Content } from '../../../pages/html.ts';
import { mark, type Tone } from '../../../pages/mark.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport, ReportedBackup, StatusReport } from '../../operations/status-report.ts';
import type { Standing } from '../../repository/standing.ts';
import { moment, type Reader } from '../words.ts';

const standingTones: Readonly<Record<Standing, Tone>> = {
  proven: 'good',
  unproven: 'unknown',
  partial: 'warning',
  suspicious: 'warning',
  failed: 'bad',
};

/** More links than this are left out between the first and the newest ones. */
const firstShown = 2;
const lastShown = 10;

/** The chain that a restore of the newest backup reads, from its full on. */
export function chainSection(job: JobReport, reader: Reader, { at }: StatusReport): Content {
  const { words, format } = reader;
  const home = job.repositories[0];
  const newest = home?.backups.at(-1);
  if (!home || !newest) return html`<p>${words.chains.none(job.job)}</p>`;
  const chain = linksTo(newest, home.backups);
  const full = chain[0] ?? newest;
  const bytes = chain.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const left = chain.length - firstShown - lastShown;
  const shown = left > 0 ? [...chain.slice(0, firstShown), ...chain.slice(-lastShown)] : chain;
  const rows = shown.map((backup) => linkRow(backup, reader));
  if (left > 0)
    rows.splice(firstShown, 0, [words.chains.left(format.number(left)), '', '', '', '']);
  const { columns, caption, summary } = words.chains;
  return [
    html`<p>
      ${summary(
        format.number(chain.length),
        format.bytes(bytes),
        format.duration(Date.parse(at) - Date.parse(full.startedAt)),
        format.duration(job.configuration.maxChainAge),
      )}
    </p>`,
    table({
      caption: caption(job.job, home.repository),
      columns: [
        { title: columns.backup },
        { title: columns.kind },
        { title: columns.point },
        { title: columns.stored, numeric: true },
        { title: columns.standing },
      ],
      rows,
    }),
  ];
}

/** From the full to the backup; what is missing ends it. */
function linksTo(newest: ReportedBackup, backups: readonly ReportedBackup[]): ReportedBackup[] {
  const byId = new Map(backups.map((backup) => [backup.id, backup]));
  const chain: ReportedBackup[] = [];
  for (let link: ReportedBackup | undefined = newest; link && chain.length < backups.length;) {
    chain.unshift(link);
    link = link.parent === undefined ? undefined : byId.get(link.parent);
  }
  return chain;
}

function linkRow(backup: ReportedBackup, reader: Reader): Content[] {
  const { kinds, standings, held } = reader.words.chains;
  const { id, kind, pointAt, storedBytes, standing } = backup;
  return [
    html`<span class="code">${id}</span>`,
    kinds[kind],
    moment(reader, pointAt),
    reader.format.bytes(storedBytes),
    [mark(standingTones[standing], standings[standing]), backup.held && ` ${held}`],
  ];
}
