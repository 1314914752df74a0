import type { Evidence } from '../../contracts/evidence.ts';
import type { DrillConfiguration } from '../../contracts/job.ts';
import type { TableCoverage } from '../drills/expected-content.ts';
import type { AssertionReport } from '../drills/assertion.ts';
import { PhaseClock } from '../drills/phase-clock.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Agent, Run } from './agent.ts';
import { chooseBackup, type ChosenBackup, type DrillRequest } from './drill-choice.ts';
import { describeDrill } from './drill-evidence.ts';
import { Rehearsal, type DrillAgent, type DrillPoint } from './drill-rehearsal.ts';
import { readyToSign } from './ready-to-sign.ts';
import { recordEvidence, type RecordedEvidence } from './record-evidence.ts';
import { selectBackup, type SelectedBackup } from './select-backup.ts';

export interface DrillOutcome {
  readonly evidence: Evidence;
  readonly recorded: RecordedEvidence;
  readonly reports: readonly AssertionReport[];
}

export interface DrillRun extends Run {
  /** Called where a drill may be killed, to prove that the next one cleans up. */
  readonly reached?: (point: DrillPoint) => Promise<void>;
}

/**
 * Restores a backup into a sandbox, asserts its content, measures, signs the evidence and cleans up,
 * whatever happens. A backup that does not restore, a failed assertion and a missed objective are
 * outcomes; what hinders the drill itself (no identity, no server, no storage) is an error.
 */
export async function runDrill(
  agent: Agent,
  request: DrillRequest,
  run: DrillRun,
): Promise<DrillOutcome> {
  // What would keep the evidence from being signed is told before the hours of a drill, not after.
  await readyToSign(agent, 'drill');
  const rehearsed = await rehearse(agent, request, run);
  const recorded = await recordEvidence(agent, rehearsed, run.reached);
  return { evidence: recorded.evidence, recorded, reports: rehearsed.reports };
}

/** What a drill found, before it is signed and stored. */
export interface Rehearsed {
  readonly repository: SelectedBackup['repository'];
  readonly evidence: Evidence;
  readonly reports: readonly AssertionReport[];
  /** Empty when nothing was restored. */
  readonly coverage: readonly TableCoverage[];
}

/** A drill without its record. Throws as `runDrill` does. */
export async function rehearse(
  agent: DrillAgent,
  request: DrillRequest,
  run: DrillRun,
): Promise<Rehearsed> {
  const configuration = drillConfiguration(agent, request.job);
  const startedAt = agent.now();
  const clock = new PhaseClock();
  const { selected, attachments } = await clock.measure('locate', async () => {
    const selected = await chooseBackup(agent, request);
    return { selected, attachments: await selectAttachments(agent, configuration, selected) };
  });
  const rehearsal = new Rehearsal({ agent, configuration, selected, attachments, clock, run });
  const result = await rehearsal.run();
  const evidence = describeDrill(agent, {
    startedAt,
    selected,
    attachments,
    configuration,
    result,
  });
  const coverage = result.restored?.expected.coverage ?? [];
  return { repository: selected.repository, evidence, reports: result.reports, coverage };
}

export function drillConfiguration(agent: Pick<Agent, 'job'>, job: string): DrillConfiguration {
  const configuration = agent.job(job).drill;
  if (configuration) return configuration;
  throw new HoldfastError('usage-invalid', `job ${job} has no \`drill\` in the configuration`, {
    hint: 'add one; `holdfast config example` shows how',
  });
}

/**
 * The attachments that belong to the rows: the first backup taken after their moment.
 */
export async function selectAttachments(
  agent: DrillAgent,
  { attachments }: DrillConfiguration,
  { repository, record, moment }: ChosenBackup,
): Promise<SelectedBackup | undefined> {
  if (!attachments) return undefined;
  return await selectBackup(agent, {
    job: attachments.job,
    backup: 'latest',
    from: repository.name,
    notBefore:
      moment.kind === 'time'
        ? new Date(Number(moment.timeUs / 1_000n))
        : new Date(record.manifest.point.time),
  });
}
