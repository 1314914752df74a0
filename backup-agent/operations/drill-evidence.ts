import { momentOf } from '../repository/backups.ts';
import type { Evidence } from '../../contracts/evidence.ts';
import type { DrillConfiguration } from '../../contracts/job.ts';
import type { TableCoverage } from '../drills/expected-content.ts';
import { measureObjectives } from '../drills/objectives.ts';
import { newBackupId } from '../repository/backup-id.ts';
import { version } from '../version.ts';
import type { ChosenBackup } from './drill-choice.ts';
import type { DrillAgent, RehearsalResult } from './drill-rehearsal.ts';
import type { SelectedBackup } from './select-backup.ts';

export interface DescribedDrill {
  readonly startedAt: Date;
  readonly selected: ChosenBackup;
  readonly attachments: SelectedBackup | undefined;
  readonly configuration: DrillConfiguration;
  readonly result: RehearsalResult;
}

/** The record of a drill, without what its findings name. */
export function describeDrill(agent: DrillAgent, drill: DescribedDrill): Evidence {
  const { startedAt, selected, attachments, configuration, result } = drill;
  const { repository, record, chain, moment } = selected;
  const { job, id } = record.manifest;
  const { restored } = result;
  const tables = restored?.expected.tables ?? [];
  const objectives = objectivesOf(agent, drill);
  const assertions = result.reports.map(({ assertion }) => assertion);
  const passed =
    assertions.every(({ outcome }) => outcome !== 'failed') && objectives.every(({ met }) => met);
  return {
    format: 'holdfast-evidence/1',
    repositoryId: repository.id,
    repository: repository.name,
    job,
    id: newBackupId(startedAt, agent.randomBytes),
    by: agent.by,
    tool: { name: 'holdfast', version },
    startedAt: startedAt.toISOString(),
    finishedAt: agent.now().toISOString(),
    backup: {
      id,
      manifestDigest: record.digest,
      chain: chain.map(({ manifest }) => manifest.id),
      point: restored?.point ?? record.manifest.point,
    },
    ...(moment.kind === 'time'
      ? { wanted: new Date(Number(moment.timeUs / 1_000n)).toISOString() }
      : {}),
    ...(attachments ? { attachmentsBackup: attachments.record.manifest.id } : {}),
    ...(restored ? { sourceVersion: restored.expected.inventory.server.version } : {}),
    sandbox: {
      type: configuration.sandbox.type,
      serverVersion: result.sandboxVersion ?? 'none',
    },
    ...(configuration.mask === undefined ? {} : { mask: configuration.mask }),
    ...(result.erasures && result.erasures.length > 0
      ? {
          erasures: {
            requests: result.erasures.length,
            applied: result.erasures.filter(({ outcome }) => outcome === 'erased').length,
          },
        }
      : {}),
    ...(result.unreadLedgers && result.unreadLedgers.length > 0
      ? { unreadLedgers: result.unreadLedgers.map(({ where }) => where) }
      : {}),
    ...(restored ? { coverage: coverageOf(restored.expected.coverage) } : {}),
    policy: policyOf(agent, job),
    phases: [...result.phases],
    assertions,
    objectives,
    totals: {
      tables: tables.length,
      rows: tables.reduce((sum, table) => sum + table.rows, 0),
      files: restored?.files ?? 0,
      fileBytes: restored?.fileBytes ?? 0,
    },
    outcome: passed ? 'passed' : 'failed',
  };
}

function coverageOf(tables: readonly TableCoverage[]): NonNullable<Evidence['coverage']> {
  const count = (level: TableCoverage['coverage']['level']) =>
    tables.filter(({ coverage }) => coverage.level === level).length;
  return { commit: count('commit'), boundary: count('boundary'), none: count('none') };
}

/** How old the newest backup is says what a disaster now would lose, whichever one is rehearsed. */
function objectivesOf(agent: DrillAgent, { startedAt, selected, result }: DescribedDrill) {
  const newest = Math.max(...selected.backups.map((record) => momentOf(record).getTime()));
  return measureObjectives(agent.job(selected.record.manifest.job).objectives, {
    startedAt,
    newestPoint: new Date(newest),
    restoreMs: result.restoreMs,
  });
}

function policyOf(agent: DrillAgent, jobName: string): NonNullable<Evidence['policy']> {
  const { objectives, retention, repository, copies } = agent.job(jobName);
  const given = (values: object) =>
    Object.fromEntries(
      Object.entries(values).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      ),
    );
  return {
    repositories: [repository, ...copies],
    objectives: given(objectives),
    retention: given(retention),
  };
}
