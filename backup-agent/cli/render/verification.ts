import type { ReportedDamage, VerifyReport } from '../../operations/verify.ts';
import { formatBytes, formatCount } from './format.ts';
import type { Output } from './output.ts';

/** What is damaged, what depends on it, and what still restores. */
export function renderVerification(report: VerifyReport, output: Output): string {
  const { job, repository, damage, broken, backups, sound, newestSound, unopened } = report;
  const lines = [`${job} in ${repository}`];
  for (const found of damage) lines.push(renderDamage(found, output));
  if (broken.length > 0) lines.push(`do not restore: ${broken.join(', ')}`);
  for (const id of unopened)
    lines.push(`${output.style('yellow', 'not opened')}: no identity given opens ${id}`);
  for (const key of report.strays)
    lines.push(`${output.style('yellow', 'stray')}: no manifest names ${JSON.stringify(key)}`);
  if (backups === 0) lines.push('no backups yet');
  else if (newestSound === undefined) lines.push(output.style('red', 'nothing restores'));
  else
    lines.push(
      `${sound} of ${backups} backups restore as far as was checked, the newest is ${newestSound}`,
    );
  if (report.notRecordedBecause !== undefined)
    lines.push(`the result was not recorded: ${report.notRecordedBecause}`);
  if (report.recorded) lines.push('the result is recorded in the commit log');
  if (damage.length > 0)
    lines.push(
      `${output.style('cyan', 'hint:')} holdfast repair ${job} --from <copy> fetches good copies`,
    );
  // The next incremental would need what does not restore.
  if (isNewestBroken(report))
    lines.push(
      `${output.style('cyan', 'hint:')} holdfast backup ${job} --kind full begins a chain that needs nothing of what cannot be mended`,
    );
  return lines.join('\n');
}

function isNewestBroken({ broken, newestSound }: VerifyReport): boolean {
  const newest = broken.at(-1);
  return newest !== undefined && (newestSound === undefined || newest > newestSound);
}

function renderDamage(found: ReportedDamage, output: Output): string {
  const { kind, key, what, backup, dependents, content } = found;
  const others = dependents.filter((id) => id !== backup);
  const lines = [`${output.style('red', kind)}: ${key}: ${what}`];
  if (others.length > 0) lines.push(`  needed by: ${others.join(', ')}`);
  if (content) {
    const more = content.count - content.names.length;
    // Names of files are shown as JSON would: no control character reaches the terminal.
    const names = content.names.map((name) => JSON.stringify(name)).join(', ');
    lines.push(`  holds: ${names}${more > 0 ? ` and ${more} more` : ''}`);
  }
  return lines.join('\n');
}

export function summariseVerification({
  backups,
  objects,
  bytes,
  read,
  damage,
}: VerifyReport): string {
  const checked = `${formatCount(backups)} backups, ${formatCount(objects)} objects, ${formatBytes(bytes)}`;
  const digested = read.objects === 0 ? '' : `, ${formatBytes(read.bytes)} read`;
  return `${checked}${digested}, ${damage.length === 0 ? 'no damage' : `${damage.length} damaged`}`;
}
