import { html, type Content } from '../../../pages/html.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport, RepositoryReport } from '../../operations/status-report.ts';
import type { KeepRule } from '../../repository/retention.ts';
import type { Reader } from '../words.ts';

const shownGoing = 10;

/** What stays and why, and what the next prune deletes, in each repository. */
export function retentionSection(job: JobReport, reader: Reader): Content {
  const known = job.repositories.filter(({ retention }) => retention.length > 0);
  if (known.length === 0) return html`<p>${reader.words.retention.none(job.job)}</p>`;
  return [
    known.map((repository) => repositoryTable(job.job, repository, reader)),
    html`<p class="quiet">${reader.words.retention.note}</p>`,
  ];
}

function repositoryTable(
  job: string,
  { repository, retention }: RepositoryReport,
  { words, format }: Reader,
): Content {
  const { caption, columns, rules, going, more } = words.retention;
  const counts = new Map<KeepRule | 'goes', { backups: number; bytes: number }>();
  for (const { backup, reasons, keep } of retention)
    for (const rule of keep ? new Set(reasons.map((reason) => reason.rule)) : ['goes' as const]) {
      const count = counts.get(rule) ?? { backups: 0, bytes: 0 };
      count.backups += 1;
      count.bytes += backup.storedBytes;
      counts.set(rule, count);
    }
  const doomed = retention.filter(({ keep }) => !keep).map(({ backup }) => backup.id);
  const inOrder = Object.keys(rules) as (KeepRule | 'goes')[]; // keys of a catalogue
  return [
    table({
      caption: caption(job, repository),
      columns: [
        { title: columns.rule },
        { title: columns.backups, numeric: true },
        { title: columns.stored, numeric: true },
      ],
      rows: inOrder.flatMap((rule) => {
        const count = counts.get(rule);
        return count
          ? [[rules[rule], format.number(count.backups), format.bytes(count.bytes)]]
          : [];
      }),
    }),
    doomed.length > 0 &&
      html`<p>
        ${going}: <span class="code">${doomed.slice(0, shownGoing).join(', ')}</span>
        ${doomed.length > shownGoing && more(format.number(doomed.length - shownGoing))}
      </p>`,
  ];
}
