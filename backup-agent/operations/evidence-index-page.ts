import type { Evidence } from '../../contracts/evidence.ts';
import type { TrustedKey } from '../keys/trust.ts';
import type { EvidenceReport } from './evidence.ts';

export interface IndexPage {
  readonly drills: readonly { readonly evidence: Evidence; readonly file: string }[];
  readonly reports: readonly EvidenceReport[];
  readonly trusted: readonly TrustedKey[];
  readonly since: Date;
  readonly madeAt: Date;
  readonly by: string;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
.failed{font-weight:bold;color:#a00}code{font-size:13px}`;

/** The first page of a bundle: what it holds, what was checked when it was made, how to check it. */
export function renderIndexPage(page: IndexPage): string {
  const { drills, reports, trusted, since, madeAt, by } = page;
  const problems = reports.flatMap((report) => report.problems);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Restore drills since ${text(day(since))}</title>
<style>${style}</style></head><body>
<h1>Restore drills since ${text(day(since))}</h1>
<p>Made at ${text(madeAt.toISOString())} by ${text(by)}. ${drills.length} drills of
${reports.length} jobs. All times are UTC.</p>
<h2>Drills</h2>
${table(['Started', 'Job', 'Repository', 'Backup', 'Outcome', 'Assertions', 'Objectives', 'Record'], drills.map(drillRow))}
<h2>Checked when this was made</h2>
<ul>${reports.map((report) => `<li>${text(report.job)}: ${report.good} records with their signatures, digests and places in the log</li>`).join('')}
${problems.map(({ where, what }) => `<li class="failed">${text(where)}: ${text(what)}</li>`).join('')}</ul>
<h2>Check it yourself</h2>
<p>Every .json file below a repository's folder is a DSSE envelope: <code>payload</code> is base64,
the signature is Ed25519 over <code>DSSEv1 SP length(type) SP type SP length(payload) SP payload</code>.
Each commit names the SHA-256 of the one before it and of the record that it adds, so a record that
was taken out leaves a gap. The keys below were trusted by the host that made this file; compare
them with your own note of them.</p>
${table(['Role', 'Public key (SPKI, DER, base64)', 'Valid from', 'Valid until'], trusted.map(keyRow))}
</body></html>
`;
}

function drillRow({ evidence, file }: IndexPage['drills'][number]): string[] {
  const { startedAt, job, repository, backup, outcome, assertions, objectives } = evidence;
  return [
    text(startedAt),
    text(job),
    text(repository),
    `${text(backup.id)}<br>to ${text(backup.point.time)}`,
    `<span class="${outcome}">${outcome}</span>`,
    assertions
      .map(({ name, outcome, summary }) => `${text(name)}: ${outcome} (${text(summary)})`)
      .join('<br>'),
    objectives
      .map(
        ({ name, measuredMs, targetMs, met }) =>
          `${name.toUpperCase()} ${seconds(measuredMs)}${targetMs === undefined ? '' : ` of ${seconds(targetMs)}: ${met ? 'met' : 'missed'}`}`,
      )
      .join('<br>'),
    `<a href="${text(encodeURI(file))}">${text(evidence.id)}</a>`,
  ];
}

function keyRow({ role, publicKey, validFrom, validUntil }: TrustedKey): string[] {
  return [role, `<code>${text(publicKey)}</code>`, text(validFrom), text(validUntil ?? '')];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${row('th', titles)}\n${rows.map((cells) => row('td', cells)).join('\n')}</table>`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function text(value: string): string {
  return value.replaceAll(/[&<>"]/g, (char) => entities[char] ?? char);
}
