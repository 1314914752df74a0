import type { Outcome } from '../../../contracts/evidence.ts';
import { html, type Content } from '../../../pages/html.ts';
import { mark, type Tone } from '../../../pages/mark.ts';
import { table } from '../../../pages/table.ts';
import type { JobReport } from '../../operations/status-report.ts';
import { newestDrill } from './objectives.ts';
import type { Reader } from '../words.ts';

export const outcomeTones: Readonly<Record<Outcome, Tone>> = {
  passed: 'good',
  failed: 'bad',
  unproven: 'unknown',
};

/** What the newest drill asserted, as its signed record has it. */
export function evidenceSection(job: JobReport, reader: Reader): Content {
  const { words, format } = reader;
  const { intro, caption, columns, totals, check, none } = words.evidence;
  const drill = newestDrill(job);
  if (!drill) return html`<p>${none(job.job)}</p>`;
  const { id, repository, backup, outcome, assertions } = drill;
  const { tables, rows, files, fileBytes } = drill.totals;
  return [
    html`<p>
      ${mark(outcomeTones[outcome], words.outcomes[outcome])}
      ${intro(id, repository, backup.id, format.moment(backup.point.time))}
      ${totals(
        format.number(tables),
        format.number(rows),
        format.number(files),
        format.bytes(fileBytes),
      )}
    </p>`,
    table({
      caption: caption(job.job),
      columns: [
        { title: columns.assertion },
        { title: columns.outcome },
        { title: columns.compared, numeric: true },
        { title: columns.failed, numeric: true },
        { title: columns.unproven, numeric: true },
      ],
      rows: assertions.map((assertion) => [
        assertionName(assertion.name, reader),
        mark(outcomeTones[assertion.outcome], words.outcomes[assertion.outcome]),
        format.number(assertion.compared),
        format.number(assertion.failed),
        format.number(assertion.unproven),
      ]),
    }),
    html`<p class="quiet">${check(job.job)}</p>`,
  ];
}

/** As the record has it where there is no translation, and then marked as English. */
function assertionName(name: string, { language, words }: Reader): Content {
  const translated = words.evidence.assertions[name];
  if (translated !== undefined || language === 'en') return translated ?? name;
  return html`<span lang="en">${name}</span>`;
}
