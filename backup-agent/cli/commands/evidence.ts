import type { Command } from 'commander';
import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { readComplianceFiles } from '../../operations/compliance-files.ts';
import { bundleEvidence } from '../../operations/evidence-bundle.ts';
import {
  listEvidence,
  showEvidence,
  verifyEvidence,
  type EvidenceReport,
} from '../../operations/evidence.ts';
import { jobsToRun } from '../../operations/groups.ts';
import type { CommandModule, Runner } from '../command.ts';
import { renderEvidence, renderEvidenceList, renderFindings } from '../render/evidence.ts';
import { withAgent } from '../with-agent.ts';

export const evidenceCommand: CommandModule = {
  define(program, run) {
    const evidence = program
      .command('evidence')
      .description('the signed records of drills: list, show, verify, bundle')
      .addHelpText(
        'after',
        `
Examples:
  holdfast evidence list crm-database
  holdfast evidence show crm-database latest
  holdfast evidence verify crm
  holdfast evidence bundle crm --since 2026-01-01 --to drills-2026.zip
  holdfast evidence bundle crm --since 2026-01-01 --to audit.zip --compliance c.html c.json`,
      );
    defineList(evidence, run);
    defineShow(evidence, run);
    defineVerify(evidence, run);
    defineBundle(evidence, run);
  },
};

function defineList(evidence: Command, run: Runner): void {
  evidence
    .command('list')
    .description('drills, oldest first, from every repository of the job')
    .argument('<job>', 'job of the configuration')
    .option('--from <repository>', 'only those that were made from this repository')
    .addHelpText('after', '\nExample:\n  holdfast evidence list crm-database --from offsite')
    .action((job: string, options: { from?: string }) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const found = await listEvidence(agent, job, options);
          const drills = found.map((entry) => entry.evidence);
          context.output.result(drills, renderEvidenceList(drills, context.output));
        }),
      ),
    );
}

function defineShow(evidence: Command, run: Runner): void {
  evidence
    .command('show')
    .description('one drill, with the names of what failed; needs the metadata identity')
    .argument('<job>', 'job of the configuration')
    .argument('[drill]', 'latest, or a drill id', 'latest')
    .addHelpText('after', '\nExample:\n  holdfast evidence show crm-database latest')
    .action((job: string, id: string) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const shown = await showEvidence(agent, job, id);
          const findings = renderFindings(Object.values(shown.findings).flat());
          const text = [
            renderEvidence(shown.evidence, context.output),
            ...(findings === '' ? [] : ['', findings]),
          ];
          context.output.result(shown, text.join('\n'));
        }),
      ),
    );
}

function defineVerify(evidence: Command, run: Runner): void {
  evidence
    .command('verify')
    .description('check every record, its place in the log, and that none was removed')
    .argument('<job>', 'job or group of the configuration')
    .addHelpText(
      'after',
      `\nEnds with ${exitCodes.integrity} when anything is wrong.\n\nExample:\n  holdfast evidence verify crm`,
    )
    .action((name: string) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const reports: EvidenceReport[] = [];
          for (const job of jobsToRun(agent, name)) reports.push(await verifyEvidence(agent, job));
          context.output.result(reports, reports.map(renderReport).join('\n'));
          const good = reports.every(({ problems }) => problems.length === 0);
          return good ? exitCodes.ok : exitCodes.integrity;
        }),
      ),
    );
}

function renderReport({ job, good, problems }: EvidenceReport): string {
  return [
    `${job}: ${good} records are as they were signed and committed`,
    ...problems.map(({ where, what }) => `  ${where}: ${what}`),
  ].join('\n');
}

function defineBundle(evidence: Command, run: Runner): void {
  evidence
    .command('bundle')
    .description('pack records, manifests, logs and public keys into one zip, for an auditor')
    .argument('<job>', 'job or group of the configuration')
    .requiredOption('--since <date>', 'drills from this day on (2026-01-01, UTC) or moment')
    .requiredOption('--to <file>', 'the zip file; must not exist')
    .addHelpText(
      'after',
      '\nExample:\n  holdfast evidence bundle crm --since 2026-01-01 --to drills-2026.zip',
    )
    .option('--compliance <files...>', 'what `policies report` wrote, .html or .json, to go along')
    .action((name: string, options: { since: string; to: string; compliance?: string[] }) =>
      run((context) =>
        withAgent(context, async (agent) => {
          const jobs = jobsToRun(agent, name);
          const outcome = await bundleEvidence(agent, jobs, {
            since: readSince(options.since),
            file: options.to,
            compliance: await readComplianceFiles(options.compliance ?? []),
          });
          context.output.result(outcome, `${outcome.file}: ${outcome.drills} drills`);
          if (outcome.problems === 0) return exitCodes.ok;
          context.output.warn(`${outcome.problems} problems: see \`holdfast evidence verify\``);
          return exitCodes.integrity;
        }),
      ),
    );
}

function readSince(text: string): Date {
  const since = new Date(text);
  if (!Number.isNaN(since.getTime())) return since;
  throw new HoldfastError('usage-invalid', `--since ${text} is not a day such as 2026-01-01`);
}
