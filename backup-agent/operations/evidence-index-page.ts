import { definitions, list, time } from '../../pages/blocks.ts';
import { formatsFor } from '../../pages/formats.ts';
import { html, join, type Content, type Html } from '../../pages/html.ts';
import { mark, type Tone } from '../../pages/mark.ts';
import { link, renderPage } from '../../pages/page.ts';
import { table } from '../../pages/table.ts';
import type { Evidence, Outcome } from '../../contracts/evidence.ts';
import type { TrustedKey } from '../keys/trust.ts';
import type { ComplianceFile } from './compliance-files.ts';
import type { EvidenceReport } from './evidence.ts';

export interface IndexPage {
  readonly drills: readonly { readonly evidence: Evidence; readonly file: string }[];
  readonly reports: readonly EvidenceReport[];
  readonly trusted: readonly TrustedKey[];
  readonly compliance: readonly ComplianceFile[];
  readonly since: Date;
  readonly madeAt: Date;
  readonly by: string;
}

const format = formatsFor('en');
const lineBreak = html`<br />`;

/** The first page of a bundle: what it holds, what was checked when it was made, how to check it. */
export function renderIndexPage(page: IndexPage): string {
  const { drills, reports, compliance, since, madeAt, by } = page;
  return renderPage([
    {
      language: 'en',
      title: `Restore drills since ${format.day(since)}`,
      lead: html`<p>${drills.length} drills of ${reports.length} jobs.</p>`,
      sections: [
        { id: 'drills', title: 'Drills', content: drillTable(drills) },
        { id: 'checked', title: 'Checked when this was made', content: checked(reports) },
        ...(compliance.length > 0
          ? [{ id: 'controls', title: 'Controls', content: controls(compliance) }]
          : []),
        { id: 'check', title: 'Check it yourself', content: howToCheck(page) },
      ],
      foot: html`<p>Made at ${time(format.iso(madeAt), format.moment(madeAt))} by ${by}.</p>`,
    },
  ]);
}

function drillTable(drills: IndexPage['drills']): Html {
  return table({
    caption: 'Every drill, oldest first; all times are UTC',
    columns: [
      { title: 'Started' },
      { title: 'Job' },
      { title: 'Repository' },
      { title: 'Backup' },
      { title: 'Outcome' },
      { title: 'Assertions' },
      { title: 'Objectives' },
      { title: 'Record' },
    ],
    rows: drills.map(drillRow),
    empty: 'No drill ran.',
  });
}

const tones: Readonly<Record<Outcome, Tone>> = {
  passed: 'good',
  failed: 'bad',
  unproven: 'unknown',
};

function drillRow({ evidence, file }: IndexPage['drills'][number]): Content[] {
  const { startedAt, job, repository, backup, outcome, assertions, objectives } = evidence;
  return [
    time(startedAt, format.moment(startedAt)),
    job,
    repository,
    html`${backup.id}<br />to ${time(backup.point.time, format.moment(backup.point.time))}`,
    mark(tones[outcome], outcome),
    join(
      assertions.map(({ name, outcome, summary }) => `${name}: ${outcome} (${summary})`),
      lineBreak,
    ),
    join(objectives.map(objectiveText), lineBreak),
    link(encodeURI(file), evidence.id),
  ];
}

function objectiveText({
  name,
  measuredMs,
  targetMs,
  met,
}: Evidence['objectives'][number]): string {
  const target =
    targetMs === undefined ? '' : ` of ${format.duration(targetMs)}: ${met ? 'met' : 'missed'}`;
  return `${name.toUpperCase()} ${format.duration(measuredMs)}${target}`;
}

function checked(reports: IndexPage['reports']): Html {
  const problems = reports.flatMap((report) => report.problems);
  return list([
    ...reports.map(
      ({ job, good }) =>
        `${job}: ${good} records with their signatures, digests and places in the log`,
    ),
    ...problems.map(({ where, what }) => html`${mark('bad', where)}: ${what}`),
  ]);
}

/** What the policies said of the controls, on the day that their report names. */
function controls(files: IndexPage['compliance']): Html {
  return list(
    files.map(({ name, summary }) => {
      const file = link(encodeURI(name), name);
      if (!summary) return file;
      const counts = Object.entries(summary.controls)
        .filter(([, count]) => count > 0)
        .map(([state, count]) => `${count} ${state}`)
        .join(', ');
      const of = summary.environment === undefined ? '' : ` of ${summary.environment}`;
      return html`${file}: controls${of} at ${time(summary.madeAt, format.moment(summary.madeAt))}:
      ${counts}`;
    }),
  );
}

function howToCheck({ trusted }: IndexPage): Html {
  return html`<p>
      Every .json file below a repository's folder is a DSSE envelope: <code>payload</code> is
      base64, the signature is Ed25519 over
      <code>DSSEv1 SP length(type) SP type SP length(payload) SP payload</code>. Each commit names
      the SHA-256 of the one before it and of the record that it adds, so a record that was taken
      out leaves a gap. The keys below were trusted by the host that made this file; compare them
      with your own note of them.
    </p>
    ${definitions(
      trusted.map(({ role, publicKey, validFrom, validUntil }) => [
        html`${role}, ${validFrom}${validUntil === undefined ? ' on' : ` to ${validUntil}`}`,
        html`<code>${publicKey}</code>`,
      ]),
    )}
    <p>Public keys are SubjectPublicKeyInfo, DER, in base64.</p>`;
}
