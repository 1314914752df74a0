import type { Problem } from '../../../errors/holdfast-error.ts';
import type { ReplayResult } from '../changes/replay.ts';
import { quoteQualified } from '../changes/quote.ts';
import { connect, type PostgresSession } from '../connection.ts';
import { runStages, runTasks, type Stage } from '../task-graph.ts';
import { serverFailure } from '../server-error.ts';
import { analyzeRest, planAnalyzing } from './analyze.ts';
import { SchemaApplier } from './apply-schema.ts';
import {
  foreignKeyRuns,
  planBuild,
  planForeignKeys,
  simpleTask,
  type BuildTasks,
  type BuildWork,
} from './build-tasks.ts';
import {
  createRoles,
  requireAbsent,
  requireEmpty,
  requireSuitable,
  targetWishes,
} from './check-target.ts';
import { existingUnits } from './existing-units.ts';
import { emptyExtensionTables, isSkipped } from './restored-extensions.ts';
import { prepareSession } from './restore-session.ts';
import { restoreLargeObjects } from './large-objects.ts';
import { loadRows, loadStep } from './load-tables.ts';
import { openTarget, type OpenedTarget } from './open-target.ts';
import { replayContent } from './replay-content.ts';
import { linkOf, readContent, type RestoreContent } from './restore-content.ts';
import type { RestoreOptions, RestoreResult } from './restore-options.ts';
import { databaseRules, differingProperties, giveProperties } from './restore-properties.ts';
import { lockLane, lockRestore, RestoreRecord, wishesOf } from './restore-record.ts';
import { missedTarget, restoredPoint } from './restored-point.ts';
import { schemaPhases, type SchemaPhases } from './schema-phases.ts';
import type { SchemaEntry } from './schema-script.ts';
import { chosenTables } from './select-tables.ts';
import { restoreSequences } from './sequences.ts';

export type { RestoreOptions, RestoreResult } from './restore-options.ts';

/**
 * Restores a chain into an empty database, which is created where there is none; or some of its tables
 * into a database that may hold others. Nothing is written before the target is known to have room and
 * what the backup needs. A restore that was killed goes on when it is asked for again. Throws
 * `target-not-empty`, `target-unsuitable`, `moment-not-covered`, `mask-invalid`, or `restore-failed`
 * with the object that failed.
 */
export async function restorePostgres(options: RestoreOptions): Promise<RestoreResult> {
  try {
    return await new Restore(options, await readContent(options)).run();
  } catch (error) {
    throw serverFailure(error, `restore into ${options.target.database}`, options.signal);
  }
}

class Restore {
  readonly #options: RestoreOptions;
  readonly #content: RestoreContent;
  readonly #problems: Problem[] = [];
  /** Quoted and qualified. */
  readonly #analyzed = new Set<string>();
  #skippedExtensions: readonly string[] = [];
  #notApplied: readonly Problem[] = [];

  constructor(options: RestoreOptions, content: RestoreContent) {
    this.#options = options;
    this.#content = content;
  }

  async run(): Promise<RestoreResult> {
    await using stack = new AsyncDisposableStack();
    const { session, created, problems } = await this.#open();
    stack.use(session);
    this.#problems.push(...problems);
    const record = await this.#begin(session, created);
    const lanes: [PostgresSession, ...PostgresSession[]] = [session];
    for (let lane = 1; lane < (this.#options.lanes ?? 2); lane += 1)
      lanes.push(stack.use(await this.#openLane()));
    const applier = this.#applier(record);
    const replay = await this.#write(lanes, record, applier);
    return this.#result(record, applier, replay);
  }

  async #open(): Promise<OpenedTarget> {
    const { target, signal } = this.#options;
    const { inventory, database } = this.#content;
    const like = { server: inventory.server, locale: database?.locale };
    return await openTarget(target, like, signal, async (client) => {
      await requireSuitable(client, this.#content.needs, targetWishes(this.#options));
    });
  }

  /** Everything that must be known before the first write. */
  async #begin(session: PostgresSession, created: boolean): Promise<RestoreRecord> {
    const { client } = session;
    const { needs, selection } = this.#content;
    await prepareSession(session);
    await lockRestore(client);
    const wishes = wishesOf(this.#options);
    const found = await RestoreRecord.find(client, wishes);
    if (found === undefined && selection === undefined) await requireEmpty(client);
    if (found === undefined && selection) await requireAbsent(client, selection.relations);
    const lacking = await requireSuitable(client, needs, targetWishes(this.#options));
    this.#skippedExtensions = lacking.extensions;
    await createRoles(client, lacking.roles);
    if (found === undefined) return await RestoreRecord.begin(client, wishes, created);
    this.#options.progress.note('going on with the restore that was begun here');
    return found;
  }

  async #openLane(): Promise<PostgresSession> {
    const session = await connect(this.#options.target, { signal: this.#options.signal });
    await prepareSession(session);
    await lockLane(session.client);
    return session;
  }

  async #write(
    lanes: readonly [PostgresSession, ...PostgresSession[]],
    record: RestoreRecord,
    applier: SchemaApplier,
  ): Promise<ReplayResult | undefined> {
    const [session] = lanes;
    const { progress } = this.#options;
    const phases = schemaPhases(
      this.#content.entries.filter((entry) => !isSkipped(entry, this.#skippedExtensions)),
    );
    progress.step('create the schema');
    await applier.run(session, phases.before);
    const { replay, tables } = await this.#build(lanes, phases, record, applier);
    await this.#finish(lanes, phases.after, tables, applier);
    await restoreSequences(session, this.#content, applier.kept);
    await this.#options.amend?.(this.#shown(replay));
    // Each by itself: one may take as long as all else.
    for (const refresh of phases.refreshes) await applier.apply(session, refresh);
    progress.step('analyze');
    await analyzeRest(lanes, this.#content.selection?.tables, this.#analyzed, this.#options.signal);
    await this.#finishDatabase(session, record);
    await record.remove(session.client);
    return replay;
  }

  #work(record: RestoreRecord, applier: SchemaApplier): BuildWork {
    const { mask } = this.#content;
    return {
      apply: (session, entry) => applier.apply(session, entry),
      load: async (session, unit, whole, signal) => {
        if (record.isDone(loadStep(unit))) return;
        await loadRows(session, unit, { record, mask, whole }, { ...this.#options, signal });
      },
    };
  }

  /**
   * Tables with their keys and indexes. Changes are replayed once all rows and keys are there, for
   * indexes only slow that down; without any, all of it goes on at once. Tables are analyzed as soon as
   * they stand, unless rows are to be amended, of which nothing may be left in the statistics.
   */
  async #build(
    [session, ...others]: readonly [PostgresSession, ...PostgresSession[]],
    phases: SchemaPhases,
    record: RestoreRecord,
    applier: SchemaApplier,
  ): Promise<{ replay: ReplayResult | undefined; tables: BuildTasks }> {
    const { signal, progress, amend } = this.#options;
    const lanes = [session, ...others];
    const { units, problems } = await existingUnits(session, this.#content.units);
    this.#problems.push(...problems);
    await emptyExtensionTables(session, units, record);
    const tables = planBuild(units, phases, this.#work(record, applier));
    const amount = units.reduce((sum, { bytes }) => sum + bytes, 0);
    const large = simpleTask((lane) => this.#loadLargeObjects(lane, record));
    const first: Stage<PostgresSession>[] = [
      {
        tasks: [...tables.loads, large],
        begin: () => progress.step('load tables', { amount, unit: 'bytes' }),
      },
      { tasks: tables.keys, begin: () => progress.step('build primary keys') },
    ];
    const begin = () => progress.step('build indexes');
    if (this.#replays) {
      await runStages(first, lanes, signal);
      const replay = await replayContent(session, this.#content, this.#options);
      await runStages([{ tasks: tables.indexes, begin }], lanes, signal);
      return { replay, tables };
    }
    const { entries } = this.#content;
    const analyzing = amend ? [] : await planAnalyzing(session, tables, entries, this.#analyzed);
    const rest = { tasks: [...tables.indexes, ...analyzing], begin };
    await runStages([...first, rest], lanes, signal);
    return { replay: undefined, tables };
  }

  get #replays(): boolean {
    return (this.#content.plan?.changes.length ?? 0) > 0;
  }

  /** In order, but that foreign keys which follow each other are checked several at a time. */
  async #finish(
    lanes: readonly [PostgresSession, ...PostgresSession[]],
    entries: readonly SchemaEntry[],
    tables: BuildTasks,
    applier: SchemaApplier,
  ): Promise<void> {
    this.#options.progress.step('add constraints, triggers and rights');
    const names = new Set(tables.perTable.keys());
    for (const run of foreignKeyRuns(entries)) {
      if (run[0]?.type !== 'FK CONSTRAINT') await applier.run(lanes[0], run);
      else
        await runTasks(
          planForeignKeys(run, names, (session, entry) => applier.apply(session, entry)),
          lanes,
          this.#options.signal,
        );
    }
  }

  /** A database that this restore did not create is its owner's affair: what differs is only said. */
  async #finishDatabase({ client }: PostgresSession, record: RestoreRecord): Promise<void> {
    const { inventory, database, selection } = this.#content;
    if (database === undefined) return;
    const rules = databaseRules(this.#options);
    if (record.createdDatabase) this.#notApplied = await giveProperties(client, database, rules);
    else if (!selection)
      this.#notApplied = await differingProperties(client, database, inventory.server, rules);
  }

  /** The moment that the rows are of, and how they were masked. */
  #shown(replay: ReplayResult | undefined): Pick<RestoreResult, 'point' | 'masking'> {
    const { mask } = this.#content;
    return {
      point: restoredPoint(this.#reaching(replay)),
      ...(mask ? { masking: mask.report() } : {}),
    };
  }

  #reaching(replay: ReplayResult | undefined) {
    const { chain, moment = { kind: 'end' as const } } = this.#options;
    return { chain, moment, plan: this.#content.plan, replay };
  }

  #result(
    record: RestoreRecord,
    applier: SchemaApplier,
    replay: ReplayResult | undefined,
  ): RestoreResult {
    const { inventory, plan, selection, units, neutralised } = this.#content;
    const chosen = chosenTables(selection, inventory.tables);
    return {
      inventory,
      ...this.#shown(replay),
      tables: chosen.map(({ schema, name }) => ({ schema, name })),
      bytes: units.reduce((sum, unit) => sum + unit.bytes, 0),
      neutralised,
      problems: [
        ...missedTarget(this.#reaching(replay)),
        ...chosen.flatMap(({ schema, name, leftOut }) =>
          leftOut === undefined ? [] : [{ where: quoteQualified(schema, name), what: leftOut }],
        ),
        ...(selection?.problems ?? []),
        ...this.#problems,
        ...applier.problems,
      ],
      notApplied: this.#notApplied,
      inexact: chosenTables(selection, [...(plan?.inexact ?? []), ...(replay?.inexact ?? [])]),
      skippedExtensions: this.#skippedExtensions,
      kept: applier.kept
        .filter(({ type }) => type !== 'SCHEMA')
        .map(({ type, schema, name }) => `${type.toLowerCase()} ${schema}.${name}`),
      resumed: record.resumed,
      ...(replay ? { replay } : {}),
    };
  }

  #applier(record: RestoreRecord): SchemaApplier {
    const { noOwner = false, noPrivileges = false, roleMapping = {} } = this.#options;
    const tolerant = this.#skippedExtensions.length > 0;
    const mayExist = this.#content.selection?.shared ?? new Set<SchemaEntry>();
    const rules = { noOwner, noPrivileges, roleMapping, tolerant, mayExist };
    return new SchemaApplier(rules, record, this.#options);
  }

  async #loadLargeObjects(session: PostgresSession, record: RestoreRecord): Promise<void> {
    const { inventory, plan, selection } = this.#content;
    if (selection) return;
    const { chain, noOwner = false, roleMapping = {} } = this.#options;
    const large = plan?.largeObjects ?? { link: 0, entry: inventory.largeObjects };
    const choice = {
      owners: noOwner ? undefined : roleMapping,
      empty: this.#content.mask?.keepsLargeObjects === false,
    };
    const from = linkOf(chain, large.link);
    await restoreLargeObjects(session, from, large.entry.object, choice, record, this.#options);
  }
}
