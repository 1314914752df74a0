import type { Manifest } from '../contracts/manifest.ts';
import { formatBytes, formatCount } from '../backup-agent/cli/render/format.ts';
import { renderDrill } from '../backup-agent/cli/commands/drill.ts';
import type { Output } from '../backup-agent/cli/render/output.ts';
import type { Summary } from './rehearsal.ts';

/** The rehearsal's last page: what was done, how large, how long, and what was proven. */
export function renderSummary(summary: Summary, output: Output): string {
  const { fulls, incrementals, copies, synthesis, drill } = summary;
  const lines: [string, string][] = [
    ['database', `PostgreSQL ${summary.serverVersion}, ${formatCount(summary.rows)} rows`],
    ['stacks', `${synthesis.stacks.length} synthesized, ${synthesis.resources} resources`],
    ['full', sizes(fulls)],
    ['work', `${formatCount(summary.rowsTouched)} rows touched`],
    ['incremental', incrementalSizes(incrementals)],
    ['off-site', formatBytes(copies.reduce((sum, { bytes }) => sum + bytes, 0))],
  ];
  return [
    '',
    'Summary',
    ...lines.map(([label, value]) => `  ${label.padEnd(13)}${value}`),
    '',
    renderDrill(drill, output),
  ].join('\n');
}

function sizes(manifests: readonly Manifest[]): string {
  const total = (field: 'plaintextBytes' | 'storedBytes') =>
    formatBytes(manifests.reduce((sum, manifest) => sum + manifest[field], 0));
  return `${total('plaintextBytes')} of data, stored encrypted as ${total('storedBytes')}`;
}

/** A source that could not follow the changes takes a full again: that is said, not hidden. */
function incrementalSizes(manifests: readonly Manifest[]): string {
  const replaced = manifests.filter((manifest) => manifest.kind !== 'incremental');
  const reasons = replaced.map(({ job, kind, reason }) => `${job}: a ${kind}, because ${reason}`);
  return [sizes(manifests), ...reasons].join('; ');
}
