import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence } from '../../contracts/evidence.ts';
import type { DrillConfiguration } from '../../contracts/job.ts';
import type { ConsistentPoint } from '../../contracts/manifest.ts';
import { assertRestored } from '../drills/assert-restored.ts';
import { assertAll, type AssertionReport, type Comparison } from '../drills/assertion.ts';
import { expectedTables, type ExpectedTable } from '../drills/expected-tables.ts';
import { measureObjectives } from '../drills/objectives.ts';
import { PhaseClock } from '../drills/phase-clock.ts';
import { exitCodes } from '../errors/exit-codes.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import { newBackupId } from '../repository/backup-id.ts';
import { restoreFiles } from '../sources/files/restore/restore-files.ts';
import { readInventory } from '../sources/postgres/inventory.ts';
import type { ConnectionTarget } from '../sources/postgres/connection-target.ts';
import { restorePostgres } from '../sources/postgres/restore/restore-postgres.ts';
import { version } from '../version.ts';
import type { Agent, Run } from './agent.ts';
import { recordEvidence, type RecordedEvidence } from './record-evidence.ts';
import { selectBackup, type SelectedBackup, type Selection } from './select-backup.ts';
import { timedProgress } from './timed-progress.ts';

export interface DrillOutcome {
  readonly evidence: Evidence;
  readonly recorded: RecordedEvidence;
  readonly reports: readonly AssertionReport[];
}

/**
 * Restores a backup into a sandbox, asserts its content, measures, signs the evidence and cleans up,
 * whatever happens. A backup that does not restore, a failed assertion and a missed objective are
 * outcomes; what hinders the drill itself (no identity, no server, no storage) is an error.
 */
export async function runDrill(
  agent: Agent,
  selection: Selection,
  run: Run,
): Promise<DrillOutcome> {
  const configuration = drillConfiguration(agent, selection.job);
  const startedAt = agent.now();
  const selected = await selectBackup(agent, selection);
  const attachments = await selectAttachments(agent, selection, configuration, selected);
  const drill = new Drill(agent, configuration, selected, attachments, run);
  await drill.rehearse();
  const evidence = drill.evidence(startedAt);
  const findings = Object.fromEntries(
    drill.reports.map(({ assertion, findings }) => [assertion.name, findings]),
  );
  const recorded = await recordEvidence(agent, selected.repository, evidence, findings);
  return { evidence, recorded, reports: drill.reports };
}

function drillConfiguration(agent: Agent, job: string): DrillConfiguration {
  const configuration = agent.job(job).drill;
  if (configuration) return configuration;
  throw new HoldfastError('usage-invalid', `job ${job} has no \`drill\` in the configuration`, {
    hint: 'add one; `holdfast config example` shows how',
  });
}

/** The attachments that belong to the rows: the first backup taken after the database's moment. */
async function selectAttachments(
  agent: Agent,
  { from }: Selection,
  { attachments }: DrillConfiguration,
  database: SelectedBackup,
): Promise<SelectedBackup | undefined> {
  if (!attachments) return undefined;
  return await selectBackup(agent, {
    job: attachments.job,
    backup: 'latest',
    notBefore: new Date(database.record.manifest.point.time),
    ...(from === undefined ? {} : { from }),
  });
}

/** Failures that say something of the backup, not of the drill. */
const findingExits: ReadonlySet<number> = new Set([exitCodes.integrity, exitCodes.target]);

/** What a drill restored, as far as it came. */
interface Restored {
  readonly target: ConnectionTarget;
  readonly serverVersion: string;
  readonly point: ConsistentPoint;
  readonly tables: readonly ExpectedTable[];
  readonly filesRoot: string | undefined;
  readonly files: number;
  readonly fileBytes: number;
}

class Drill {
  readonly #agent: Agent;
  readonly #configuration: DrillConfiguration;
  readonly #selected: SelectedBackup;
  readonly #attachments: SelectedBackup | undefined;
  readonly #clock = new PhaseClock();
  readonly #progress: ReturnType<typeof timedProgress>;
  readonly #resources = new AsyncDisposableStack();
  #restored: Restored | undefined;
  #restoreMs = 0;
  #reports: AssertionReport[] = [];

  constructor(
    agent: Agent,
    configuration: DrillConfiguration,
    selected: SelectedBackup,
    attachments: SelectedBackup | undefined,
    run: Run,
  ) {
    this.#agent = agent;
    this.#configuration = configuration;
    this.#selected = selected;
    this.#attachments = attachments;
    this.#progress = timedProgress(run.progress, this.#clock);
  }

  get reports(): readonly AssertionReport[] {
    return this.#reports;
  }

  async rehearse(): Promise<void> {
    await using _ = this.#resources;
    const outcome = await this.#restoreEverything();
    this.#progress.finish();
    this.#restoreMs = this.#clock.totalMs;
    const { signal } = this.#agent;
    this.#reports = [await assertAll('everything restores', [outcome], signal)];
    if (!this.#restored) return;
    this.#progress.step('assert');
    const configuration = this.#configuration;
    this.#reports.push(...(await assertRestored({ ...this.#restored, configuration, signal })));
    this.#progress.finish();
  }

  /** A backup that does not restore is a finding; what keeps the drill from trying is an error. */
  async #restoreEverything(): Promise<Comparison> {
    try {
      const database = await this.#restoreDatabase();
      this.#restored = { ...database, ...(await this.#restoreFiles()) };
      return { subject: 'backup', outcome: 'passed', what: 'restored' };
    } catch (error) {
      if (!isHoldfastError(error) || !findingExits.has(error.exitCode)) throw error;
      return { subject: error.code, outcome: 'failed', what: error.message };
    }
  }

  async #restoreDatabase() {
    const { signal, now, log } = this.#agent;
    const { readers } = this.#selected;
    const [full] = readers;
    if (!full) throw new TypeError('a chain holds at least its full');
    const { server } = await readInventory(full, signal);
    this.#progress.step('start the sandbox');
    const sandbox = this.#resources.use(
      await this.#agent.openSandbox(this.#configuration.sandbox, server.majorVersion),
    );
    // A server of our own takes the backup's roles and grants as they are; a borrowed one has its own.
    const own = this.#configuration.sandbox.type === 'local';
    const { point } = await restorePostgres({
      chain: readers,
      target: sandbox.target,
      noOwner: !own,
      noPrivileges: !own,
      roles: own ? 'create' : 'require',
      signal,
      now,
      log,
      progress: this.#progress,
    });
    const tables = await expectedTables(readers, signal);
    return { target: sandbox.target, serverVersion: server.version, point, tables };
  }

  async #restoreFiles(): Promise<Pick<Restored, 'filesRoot' | 'files' | 'fileBytes'>> {
    if (!this.#attachments) return { filesRoot: undefined, files: 0, fileBytes: 0 };
    const folder = this.#resources.use(await privateFolder());
    this.#progress.step('restore attachments');
    const report = await restoreFiles({
      chain: this.#attachments.readers,
      target: folder.path,
      signal: this.#agent.signal,
      progress: this.#progress,
    });
    const [refused] = report.refused;
    if (refused) throw new HoldfastError('object-damaged', `${refused.where}: ${refused.what}`);
    return { filesRoot: folder.path, files: report.restored, fileBytes: report.bytes };
  }

  evidence(startedAt: Date): Evidence {
    const { repository, record, chain } = this.#selected;
    const { job, id } = record.manifest;
    const tables = this.#restored?.tables ?? [];
    const point = this.#restored?.point ?? record.manifest.point;
    const objectives = measureObjectives(this.#agent.job(job).objectives, {
      startedAt,
      point: new Date(point.time),
      restoreMs: this.#restoreMs,
    });
    const assertions = this.#reports.map(({ assertion }) => assertion);
    const passed =
      assertions.every(({ outcome }) => outcome !== 'failed') && objectives.every(({ met }) => met);
    return {
      format: 'holdfast-evidence/1',
      repositoryId: repository.id,
      repository: repository.name,
      job,
      id: newBackupId(startedAt, this.#agent.randomBytes),
      by: this.#agent.by,
      tool: { name: 'holdfast', version },
      startedAt: startedAt.toISOString(),
      finishedAt: this.#agent.now().toISOString(),
      backup: {
        id,
        manifestDigest: record.digest,
        chain: chain.map(({ manifest }) => manifest.id),
        point,
      },
      ...(this.#attachments ? { attachmentsBackup: this.#attachments.record.manifest.id } : {}),
      sandbox: {
        type: this.#configuration.sandbox.type,
        serverVersion: this.#restored?.serverVersion ?? 'none',
      },
      phases: this.#clock.phases,
      assertions,
      objectives,
      totals: {
        tables: tables.length,
        rows: tables.reduce((sum, table) => sum + table.rows, 0),
        files: this.#restored?.files ?? 0,
        fileBytes: this.#restored?.fileBytes ?? 0,
      },
      outcome: passed ? 'passed' : 'failed',
    };
  }
}

async function privateFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
