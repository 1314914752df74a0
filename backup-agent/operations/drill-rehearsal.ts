import type { DrillConfiguration } from '../../contracts/job.ts';
import { assertRestored } from '../drills/assert-restored.ts';
import { assertAll, type AssertionReport, type Comparison } from '../drills/assertion.ts';
import { compareErasures } from '../drills/assertions/erasures.ts';
import { compareObjects } from '../drills/assertions/objects.ts';
import { expectedContent, type ExpectedContent } from '../drills/expected-content.ts';
import type { Phase, PhaseClock } from '../drills/phase-clock.ts';
import type { Sandbox } from '../drills/sandbox/sandbox.ts';
import { exitCodes } from '../errors/exit-codes.ts';
import { isHoldfastError, type HoldfastError } from '../errors/holdfast-error.ts';
import { readInventory } from '../sources/postgres/inventory.ts';
import {
  restorePostgres,
  type RestoreResult,
} from '../sources/postgres/restore/restore-postgres.ts';
import {
  replayErasures,
  type ErasureOutcome,
} from '../sources/postgres/restore/replay-erasures.ts';
import type { Agent } from './agent.ts';
import type { ChosenBackup } from './drill-choice.ts';
import type { DrillRun } from './drill.ts';
import { readLedger, type Ledger } from './ledger.ts';
import {
  restoreAttachments,
  restoredAttachments,
  type RestoredFiles,
} from './rehearsed-attachments.ts';
import type { ReadingAgent, SelectedBackup } from './select-backup.ts';
import { timedProgress, type TimedProgress } from './timed-progress.ts';

/** Where a drill can be interrupted, in the order that it passes them. */
export const drillPoints = [
  'sandbox-open',
  'database-restored',
  'attachments-restored',
  'content-asserted',
  'people-erased',
  'evidence-stored',
  'evidence-committed',
] as const;
export type DrillPoint = (typeof drillPoints)[number];

/** What a drill needs of an agent until its record is signed. */
export type DrillAgent = ReadingAgent &
  Pick<Agent, 'now' | 'by' | 'log' | 'openSandbox' | 'masking'>;

export interface RehearsalOptions {
  readonly agent: DrillAgent;
  readonly configuration: DrillConfiguration;
  readonly selected: ChosenBackup;
  readonly attachments: SelectedBackup | undefined;
  readonly clock: PhaseClock;
  readonly run: DrillRun;
}

export interface RehearsalResult {
  readonly reports: readonly AssertionReport[];
  readonly phases: readonly Phase[];
  /** Until the data could be used, without the assertions. */
  readonly restoreMs: number;
  /** What was restored, as far as the rehearsal came. */
  readonly restored?: Restored;
  readonly sandboxVersion?: string;
  readonly erasures?: readonly ErasureOutcome[];
  readonly unreadLedgers?: Ledger['unread'];
}

export interface Restored {
  readonly point: RestoreResult['point'];
  readonly expected: ExpectedContent;
  readonly files: number;
  readonly fileBytes: number;
}

interface RestoredDatabase {
  readonly sandbox: Sandbox;
  readonly result: RestoreResult;
}

/** Failures that say something of the backup, not of the sandbox or of this host. */
function isFinding(error: HoldfastError): boolean {
  return (
    error.exitCode === exitCodes.integrity ||
    error.code === 'restore-failed' ||
    error.code === 'moment-not-covered'
  );
}

/** Restores, asserts, and leaves nothing behind. */
export class Rehearsal {
  readonly #options: RehearsalOptions;
  readonly #progress: TimedProgress;
  readonly #resources = new AsyncDisposableStack();

  constructor(options: RehearsalOptions) {
    this.#options = options;
    this.#progress = timedProgress(options.run.progress, options.clock);
  }

  async run(): Promise<RehearsalResult> {
    const { clock, agent } = this.#options;
    await using _ = this.#resources;
    const { finding, value } = await this.#tried(async () => {
      const database = await this.#restoreDatabase();
      return { database, files: await this.#restoreFiles(database.sandbox) };
    });
    this.#progress.finish();
    const restoreMs = clock.totalMs;
    const reports = [
      await assertAll('chain and signatures hold', checkedChain(this.#options), agent.signal),
      await assertAll('every object is as signed', checkedObjects(this.#options), agent.signal),
      await assertAll('everything restores', [finding], agent.signal),
    ];
    if (!value) return { reports, phases: clock.phases, restoreMs };
    this.#progress.phase('assert');
    const expected = await this.#expect();
    if (!expected.value) {
      reports.push(
        await assertAll('the backup says what it holds', [expected.finding], agent.signal),
      );
      return { reports, phases: clock.phases, restoreMs };
    }
    const asserted = await this.#assert(value.database, value.files, expected.value);
    this.#progress.finish();
    await this.#reached('content-asserted');
    const { point } = value.database.result;
    const erased = await this.#erase(value.database);
    await this.#reached('people-erased');
    return {
      ...erased,
      reports: [...reports, ...asserted.reports, ...erased.reports],
      phases: clock.phases,
      restoreMs,
      restored: { point, expected: expected.value, ...value.files },
      sandboxVersion: asserted.serverVersion,
    };
  }

  /** After the assertions on content: from here on the database holds less than was backed up. */
  async #erase({
    sandbox: { target },
    result: { point, masking },
  }: RestoredDatabase): Promise<Pick<RehearsalResult, 'reports' | 'erasures' | 'unreadLedgers'>> {
    const { agent, selected } = this.#options;
    const { signal } = agent;
    this.#progress.phase('erase');
    const { finding, value } = await this.#tried(async () => {
      const ledger = await readLedger(agent, selected.record.manifest.job, selected);
      const until = new Date(point.time);
      const { requests } = ledger;
      const erasures = await replayErasures({ target, requests, point: until, masking, signal });
      return { erasures, unreadLedgers: ledger.unread };
    });
    this.#progress.finish();
    const comparisons = value
      ? [...compareErasures(value.erasures, value.unreadLedgers)]
      : [finding];
    if (comparisons.length === 0) return { reports: [] };
    return {
      ...value,
      reports: [await assertAll('erased people are absent', comparisons, signal)],
    };
  }

  async #reached(point: DrillPoint): Promise<void> {
    await this.#options.run.reached?.(point);
  }

  /** A backup that does not restore is a finding; what keeps the drill from trying is an error. */
  async #tried<Value>(work: () => Promise<Value>): Promise<{ finding: Comparison; value?: Value }> {
    try {
      const value = await work();
      return { finding: { subject: 'backup', outcome: 'passed', what: 'restored' }, value };
    } catch (error) {
      if (!isHoldfastError(error) || !isFinding(error)) throw error;
      return { finding: { subject: error.code, outcome: 'failed', what: error.message } };
    }
  }

  #expect() {
    const { selected, agent } = this.#options;
    return this.#tried(() => expectedContent(selected.readers, selected.moment, agent.signal));
  }

  async #restoreDatabase(): Promise<RestoredDatabase> {
    const { agent, configuration, selected } = this.#options;
    const { signal, now, log } = agent;
    const [full] = selected.readers;
    if (!full) throw new TypeError('a chain holds at least its full');
    const mask =
      configuration.mask === undefined ? undefined : await agent.masking(configuration.mask);
    this.#progress.phase('sandbox');
    const { server } = await readInventory(full, signal);
    const sandbox = this.#resources.use(
      await agent.openSandbox(configuration.sandbox, server.majorVersion),
    );
    await this.#reached('sandbox-open');
    this.#progress.steps();
    const own = this.#ownsServer;
    const result = await restorePostgres({
      chain: selected.readers,
      target: sandbox.target,
      moment: selected.moment,
      noOwner: !own,
      noPrivileges: !own,
      roles: own ? 'create' : 'require',
      skipExtensions: configuration.sandbox.withoutExtensions,
      ...(mask ? { mask } : {}),
      signal,
      now,
      log,
      progress: this.#progress,
    });
    await this.#reached('database-restored');
    return { sandbox, result };
  }

  /** A server of our own takes the backup's roles and grants as they are; a borrowed one has its own. */
  get #ownsServer(): boolean {
    return this.#options.configuration.sandbox.type === 'local';
  }

  async #restoreFiles(sandbox: Sandbox): Promise<RestoredFiles> {
    const { attachments, agent } = this.#options;
    if (!attachments) return { files: 0, fileBytes: 0 };
    this.#progress.phase('attachments');
    const folder = this.#resources.use(await sandbox.createDirectory());
    const { signal } = agent;
    const context = { signal, progress: this.#progress };
    const restored = await restoreAttachments(attachments, folder.path, context);
    await this.#reached('attachments-restored');
    return restored;
  }

  async #assert(
    { sandbox, result }: RestoredDatabase,
    files: RestoredFiles,
    expected: ExpectedContent,
  ) {
    const { configuration, agent, attachments } = this.#options;
    return await assertRestored({
      sandbox,
      expected,
      restored: result,
      rights: this.#ownsServer,
      configuration,
      attachments: attachments && restoredAttachments(agent, attachments, files, result),
      signal: agent.signal,
    });
  }
}

/** Reading the log, the manifests and the chain has thrown otherwise, before anything was restored. */
function checkedChain({ selected, attachments }: RehearsalOptions): Comparison[] {
  return [...selected.chain, ...(attachments?.chain ?? [])].map(({ manifest }) => ({
    subject: manifest.id,
    outcome: 'passed',
    what: 'signed, committed and linked',
  }));
}

async function* checkedObjects({
  agent,
  selected,
  attachments,
}: RehearsalOptions): AsyncGenerator<Comparison> {
  for (const part of attachments ? [selected, attachments] : [selected]) {
    const manifests = part.chain.map(({ manifest }) => manifest);
    yield* compareObjects(part.repository.storage, manifests, agent.signal);
  }
}
